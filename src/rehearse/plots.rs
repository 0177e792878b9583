//! Curves over the seconds of a rush, as SVG for the report. Words stand in the report beside them; the picture has numbers only.

use plotters::prelude::*;

use crate::exit::Failure;

/// Narrow enough that numbers stay readable when a phone shows the whole picture.
const WIDTH: u32 = 480;
const HEIGHT: u32 = 270;
const NUMBER_PX: i32 = 15;
const LABEL_AREA_PX: u32 = 64;
const MARGIN_PX: i32 = 12;
const LABELS_MAX: usize = 6;
/// The lowest time shown, in milliseconds.
const MS_MIN: f64 = 0.1;

/// Colours that people with any colour vision tell apart, in print too.
pub(super) const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 23, 193),
    RGBColor(214, 94, 0),
    RGBColor(0, 121, 88),
    RGBColor(170, 51, 119),
    RGBColor(64, 64, 64),
    RGBColor(86, 180, 233),
];

/// One curve: a value for each second, or none.
pub(super) struct Curve {
    pub(super) colour: RGBColor,
    pub(super) values: Vec<Option<f64>>,
}

/// How heights are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Counts from zero.
    Count,
    /// Percent from zero.
    Percent,
    /// Milliseconds, each line ten times the one below.
    Time,
}

/// The picture of `curves`; `label` is read to those who cannot see it.
pub(super) fn picture(curves: &[Curve], scale: Scale, label: &str) -> Result<String, Failure> {
    let mut svg = String::new();
    let seconds = curves.iter().map(|curve| curve.values.len()).max().unwrap_or(0).max(2) as f64;
    let highest = curves.iter().flat_map(|curve| &curve.values).flatten().copied().fold(1.0, f64::max);
    draw(&mut svg, curves, scale, seconds, highest)
        .map_err(|error| Failure::internal(format!("a picture: {error}")))?;
    let sized = format!("width=\"{WIDTH}\" height=\"{HEIGHT}\"");
    Ok(svg.replacen(&sized, &format!("role=\"img\" aria-label=\"{label}\""), 1))
}

fn draw(
    svg: &mut String,
    curves: &[Curve],
    scale: Scale,
    seconds: f64,
    highest: f64,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    let mut builder = ChartBuilder::on(&area);
    builder.margin(MARGIN_PX).x_label_area_size(30).y_label_area_size(LABEL_AREA_PX);
    // The two scales are different types to the library.
    macro_rules! draw_on {
        ($chart:expr, $lowest:expr) => {{
            let mut chart = $chart;
            chart
                .configure_mesh()
                .light_line_style(TRANSPARENT)
                .bold_line_style(RGBColor(218, 218, 218))
                .axis_style(RGBColor(118, 118, 118))
                .label_style(("sans-serif", NUMBER_PX))
                .x_labels(LABELS_MAX)
                .y_labels(LABELS_MAX)
                .x_label_formatter(&|second| format!("{second:.0}"))
                .y_label_formatter(&|height| height_text(scale, *height))
                .draw()?;
            for curve in curves {
                for part in parts(&curve.values, $lowest) {
                    chart.draw_series(LineSeries::new(part, curve.colour.stroke_width(2)))?;
                }
            }
        }};
    }
    match scale {
        Scale::Time => {
            let top = 10_f64.powf(highest.log10().ceil()).max(10.0);
            draw_on!(builder.build_cartesian_2d(0.0..seconds, (MS_MIN..top).log_scale())?, MS_MIN);
        }
        Scale::Count | Scale::Percent => draw_on!(builder.build_cartesian_2d(0.0..seconds, 0.0..highest * 1.05)?, 0.0),
    }
    area.present()
}

/// The curve's unbroken parts: a second without a value is a gap. A single value is drawn as a short line.
fn parts(values: &[Option<f64>], lowest: f64) -> Vec<Vec<(f64, f64)>> {
    let mut parts = vec![Vec::new()];
    for (second, value) in values.iter().enumerate() {
        match (value, parts.last_mut()) {
            (Some(value), Some(part)) => part.push((second as f64, value.max(lowest))),
            (None, Some(part)) if !part.is_empty() => parts.push(Vec::new()),
            _ => {}
        }
    }
    for part in &mut parts {
        if let [(second, value)] = part[..] {
            part.push((second + 0.5, value));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn height_text(scale: Scale, height: f64) -> String {
    match scale {
        Scale::Time if height >= 1_000.0 => format!("{} s", height / 1_000.0),
        Scale::Time => format!("{height} ms"),
        Scale::Percent => format!("{height:.0} %"),
        Scale::Count => format!("{height:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_scales_with_its_page_and_names_itself() {
        let curve = Curve { colour: COLOURS[0], values: vec![Some(1.0), None, Some(250.0), Some(90.0)] };
        for scale in [Scale::Count, Scale::Percent, Scale::Time] {
            let curve = Curve { values: curve.values.clone(), ..curve };
            let svg = picture(&[curve], scale, "応答時間").expect("a picture");
            assert!(svg.starts_with("<svg role=\"img\" aria-label=\"応答時間\" viewBox=\"0 0 480 270\""), "{svg}");
            assert!(svg.contains("<polyline") && svg.contains("<text"), "{svg}");
        }
    }

    #[test]
    fn an_empty_rush_has_an_empty_picture() {
        let curve = Curve { colour: COLOURS[0], values: Vec::new() };
        assert!(picture(&[curve], Scale::Time, "").is_ok());
    }

    #[test]
    fn a_second_without_a_value_is_a_gap() {
        let parts = parts(&[None, Some(1.0), Some(2.0), None, Some(3.0)], 0.0);
        assert_eq!(parts, [vec![(1.0, 1.0), (2.0, 2.0)], vec![(4.0, 3.0), (4.5, 3.0)]]);
    }

    #[test]
    fn heights_are_read_with_their_unit() {
        let texts = [0.1, 10.0, 10_000.0].map(|height| height_text(Scale::Time, height));
        assert_eq!(texts, ["0.1 ms", "10 ms", "10 s"]);
    }
}
