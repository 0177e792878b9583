//! How the rush goes, on stderr: some lines that are renewed in place on a terminal, plain lines elsewhere.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use super::figures::{Figures, Percentiles};
use super::steps::{Gate, Heard, Step};
use super::words::{thousands, time_text};
use crate::terminal::japanese;

/// Without a terminal there is a line every so many seconds.
const PLAIN_EVERY: usize = 5;

/// The lines; they go when this goes.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    people: u64,
}

impl Progress {
    /// Begins to show how so many people come.
    pub(super) fn start(people: u64) -> Self {
        let bar = || {
            let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::new_spinner().with_style(style)
        };
        Self { bar: std::io::stderr().is_terminal().then(bar), people }
    }

    /// Shows the second that has just been closed.
    pub(super) fn show(&self, figures: &Figures) {
        match &self.bar {
            Some(bar) => {
                bar.set_message(view(figures, self.people, japanese()));
                bar.tick();
            }
            None if figures.seconds.len() % PLAIN_EVERY == 1 => eprintln!("{}", line(figures, japanese())),
            None => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// One line for a log.
fn line(figures: &Figures, japanese: bool) -> String {
    let second = figures.seconds.len();
    let (arrived, admitted, booked) = (figures.arrived, figures.admitted, figures.booked);
    let in_flight = figures.arrived.saturating_sub(figures.ended);
    let waiting: u32 = figures.at_gates.iter().sum();
    let [full, busy] = [Heard::Full, Heard::Busy].map(|heard| figures.heard[heard as usize]);
    let p99 = figures.percentiles(Step::Book).map_or("-".to_owned(), |times| format!("{:.0} ms", times.p99));
    if japanese {
        format!(
            "{second:>4} 秒  来訪 {arrived}  順番待ち {waiting}  通過 {admitted}  予約 {booked}  満員 {full}  混雑 {busy}  手続き中 {in_flight}  予約の p99 {p99}"
        )
    } else {
        format!(
            "{second:>4} s  arrived {arrived}  waiting {waiting}  admitted {admitted}  booked {booked}  full {full}  busy {busy}  in flight {in_flight}  booking p99 {p99}"
        )
    }
}

/// Some lines for a terminal.
fn view(figures: &Figures, people: u64, japanese: bool) -> String {
    let second = figures.seconds.len();
    let last = figures.seconds.last().cloned().unwrap_or_default();
    let [arrived, all, admitted, booked, ended] =
        [figures.arrived, people, figures.admitted, figures.booked, figures.ended].map(thousands);
    let [login, booking, calls] = Gate::ALL.map(|gate| thousands(figures.at_gates[gate as usize].into()));
    let heard = |heard: Heard| thousands(figures.heard[heard as usize]);
    let [full, other, in_line, busy, too_many, error] =
        [Heard::Full, Heard::OtherRefusal, Heard::InLine, Heard::Busy, Heard::TooMany, Heard::Error].map(heard);
    let times = |step: Step| figures.percentiles(step).map_or_else(|| "-".to_owned(), |times| both(&times));
    let [booking_times, login_times, wait_times] = [Step::Book, Step::Login, Step::Wait].map(times);
    let percent = |percent: Option<f64>| percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.0} %"));
    let (server, own) = (percent(last.sample.server_cpu_percent), percent(last.sample.own_cpu_percent));
    let commit = last.sample.commit_ms.map_or_else(|| "-".to_owned(), time_text);
    let rates = [last.arrived, last.requests(), last.booked].map(|count| thousands(count.into()));
    let [arriving, asking, booking_rate] = rates;
    if japanese {
        format!(
            "{second:>4} 秒   来訪 {arrived} / {all}   通過 {admitted}   予約 {booked}   終えた人 {ended}\n\
             毎秒      来訪 {arriving}   要求 {asking}   予約 {booking_rate}\n\
             待つ人    ログイン {login}   予約 {booking}   電話 {calls}\n\
             断り      満員 {full}   順番待ち {in_line}   混雑 {busy}   回数の制限 {too_many}   その他 {other}   不通 {error}\n\
             p50/p99   予約 {booking_times}   ログイン {login_times}   順番まで {wait_times}\n\
             CPU       サーバー {server}   住民役 {own}   ディスクへの書き込み {commit}"
        )
    } else {
        format!(
            "{second:>4} s    arrived {arrived} / {all}   admitted {admitted}   booked {booked}   ended {ended}\n\
             a second  arrivals {arriving}   requests {asking}   bookings {booking_rate}\n\
             waiting   login {login}   booking {booking}   phone {calls}\n\
             refused   full {full}   in line {in_line}   busy {busy}   too many {too_many}   other {other}   unheard {error}\n\
             p50/p99   booking {booking_times}   login {login_times}   until one's turn {wait_times}\n\
             CPU       server {server}   generator {own}   commit {commit}"
        )
    }
}

fn both(times: &Percentiles) -> String {
    format!("{} / {}", time_text(times.p50), time_text(times.p99))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn figures() -> Figures {
        let mut figures = Figures::new().expect("figures");
        (0..3).for_each(|_| figures.arrive());
        figures.book();
        figures.admit(Duration::from_secs(2));
        figures.stand_at(Gate::Booking);
        figures.ended = 1;
        figures
    }

    #[test]
    fn the_line_says_who_came_and_what_became_of_them() {
        let expected = "   0 s  arrived 3  waiting 1  admitted 1  booked 1  full 0  busy 0  in flight 2  booking p99 -";
        assert_eq!(line(&figures(), false), expected);
    }

    #[test]
    fn a_terminal_shows_the_gates_the_refusals_and_the_machine() {
        for japanese in [true, false] {
            let view = view(&figures(), 1_200, japanese);
            assert_eq!(view.lines().count(), 6, "{view}");
            assert!(view.contains("3 / 1,200") && view.contains("2.0 s / 2.0 s"), "{view}");
        }
    }
}
