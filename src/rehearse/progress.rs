//! How the rush goes, on stderr: one line that changes on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use indicatif::ProgressBar;

use super::figures::{Figures, Heard, Step};
use crate::terminal::japanese;

/// Without a terminal there is a line every so many seconds.
const PLAIN_EVERY: usize = 5;

/// The line; it goes when this goes.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    /// Begins to show.
    pub(super) fn start() -> Self {
        Self(std::io::stderr().is_terminal().then(ProgressBar::new_spinner))
    }

    /// Shows the second that has just been closed.
    pub(super) fn show(&self, figures: &Figures) {
        match &self.0 {
            Some(bar) => {
                bar.set_message(line(figures, japanese()));
                bar.tick();
            }
            None if figures.seconds.len() % PLAIN_EVERY == 1 => eprintln!("{}", line(figures, japanese())),
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn line(figures: &Figures, japanese: bool) -> String {
    let second = figures.seconds.len();
    let (arrived, booked, in_flight) = (figures.arrived, figures.booked, figures.arrived - figures.ended);
    let (full, busy) = (figures.heard[Heard::Full as usize], figures.heard[Heard::Busy as usize]);
    let p99 = figures.percentiles(Step::Book).map_or("-".to_owned(), |times| format!("{:.0} ms", times.p99));
    if japanese {
        format!(
            "{second:>4} 秒  来訪 {arrived}  予約 {booked}  満員 {full}  混雑 {busy}  手続き中 {in_flight}  予約の p99 {p99}"
        )
    } else {
        format!(
            "{second:>4} s  arrived {arrived}  booked {booked}  full {full}  busy {busy}  in flight {in_flight}  booking p99 {p99}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_who_came_and_what_became_of_them() {
        let mut figures = Figures::new().expect("figures");
        (0..3).for_each(|_| figures.arrive());
        figures.book();
        figures.ended = 1;
        let expected = "   0 s  arrived 3  booked 1  full 0  busy 0  in flight 2  booking p99 -";
        assert_eq!(line(&figures, false), expected);
    }
}
