//! The city's colours as a small style sheet, made once for each state of the city's data. Its name changes with its content.

use std::sync::{Arc, Mutex, PoisonError};

use sesshu_engine::core::color::Color;
use sesshu_engine::core::site::{Site, Theme};

use crate::asset::Asset;

/// The page's ground in dark mode, as the style sheet has it.
const DARK_GROUND: Color = Color([0x1a, 0x1a, 0x1c]);
/// What the colour of links must have against the ground, for WCAG's AAA.
const CONTRAST_MIN: f64 = 7.0;

/// The style sheet of the latest state of the city's data.
#[derive(Default)]
pub(crate) struct ThemeSheet(Mutex<Option<Latest>>);

struct Latest {
    revision: u64,
    sheet: Option<Arc<Asset>>,
}

impl ThemeSheet {
    /// The address of the style sheet, if the city has colours.
    pub(crate) fn href(&self, site: &Site) -> Option<Arc<str>> {
        self.sheet(site).map(|sheet| Arc::clone(&sheet.href))
    }

    /// The style sheet, if the city has colours.
    pub(crate) fn sheet(&self, site: &Site) -> Option<Arc<Asset>> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*latest {
            Some(latest) if latest.revision == site.revision => latest.sheet.clone(),
            _ => {
                warn_of_unknown_texts(site);
                let sheet = site.theme.map(|theme| Arc::new(Asset::css("theme", &css(theme))));
                *latest = Some(Latest { revision: site.revision, sheet: sheet.clone() });
                sheet
            }
        }
    }
}

/// Wordings of the city for texts that no page has are ignored, and somebody hears so once.
fn warn_of_unknown_texts(site: &Site) {
    for (language, key) in site.texts.iter().flat_map(|(code, texts)| texts.keys().map(move |key| (code, key))) {
        if !crate::is_page_text(key) {
            tracing::warn!(%language, key = &**key, "the city words a text that no page has: ignored");
        }
    }
}

/// In dark mode the same hue in a lighter tint, dark enough signs on it.
fn css(theme: Theme) -> String {
    let Theme { main, on_main } = theme;
    let tint = (0..=20_u8).map(|step| lighter(main, step)).find(|tint| tint.contrast_with(DARK_GROUND) >= CONTRAST_MIN);
    let tint = tint.unwrap_or(Color::WHITE);
    format!(
        ":root{{--key:{main};--on-key:{on_main}}}@media screen and (prefers-color-scheme:dark){{:root{{--key:{tint};--on-key:{DARK_GROUND}}}}}\n"
    )
}

/// `color` mixed with `step` twentieths of white.
fn lighter(color: Color, step: u8) -> Color {
    let mixed = |channel: u8| (u16::from(channel) * (20 - u16::from(step)) + 255 * u16::from(step)) / 20;
    Color(color.0.map(|channel| mixed(channel) as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn color(text: &str) -> Color {
        text.parse().expect("a colour")
    }

    #[test]
    fn links_are_readable_in_the_dark_whatever_the_citys_colour() {
        for main in ["#000000", "#0017c1", "#7a0000", "#00531f", "#767676"] {
            let css = css(Theme { main: color(main), on_main: Color::WHITE });
            let tints: Vec<Color> = css.split("--key:").skip(1).map(|after| color(&after[..7])).collect();
            assert_eq!(tints[0], color(main));
            assert!(tints[1].contrast_with(DARK_GROUND) >= CONTRAST_MIN, "{css}");
        }
    }

    #[test]
    fn a_sheet_is_made_once_for_each_state_and_named_by_its_content() {
        let sheets = ThemeSheet::default();
        let site = |revision, main| Site {
            revision,
            theme: Some(Theme { main: color(main), on_main: Color::WHITE }),
            ..Site::default()
        };
        let first = sheets.href(&site(1, "#0017c1")).expect("a sheet");
        assert!(Arc::ptr_eq(&first, &sheets.href(&site(1, "#0017c1")).expect("a sheet")));
        assert_ne!(first, sheets.href(&site(2, "#00531f")).expect("a sheet"));
        assert_eq!(first, sheets.href(&site(3, "#0017c1")).expect("a sheet"));
        assert_eq!(sheets.href(&Site { revision: 4, ..Site::default() }), None);
    }
}
