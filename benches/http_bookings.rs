//! Durable bookings a second over HTTP, against bare axum in the same run: the same client, the same connections, the same
//! requests. Bare axum reads the same JSON and answers the same JSON; a second line shows it reading and answering nothing.
//!
//! Every measured request is a booking that is durable when its answer comes, of a resident who books for the first time. The
//! three take turns for five rounds; the table shows medians.

use sesshu_benches::bare_axum::{BareAxum, be_bare_axum_if_asked};
use sesshu_benches::crowd::{Crowd, open_sessions};
use sesshu_benches::rush::client_runtime;
use sesshu_benches::versus::{RESIDENTS, Versus};
use sesshu_tests::{City, report};

const SESSIONS: usize = 8;
const CONNECTIONS: [usize; 2] = [64, 512];

fn main() {
    be_bare_axum_if_asked();
    let runtime = client_runtime();
    let city = City::demo().residents(2 + RESIDENTS * CONNECTIONS.len()).start();
    let bare = BareAxum::start();
    let places = runtime.block_on(open_sessions(&city, "計測", SESSIONS, 2));
    let mut crowd = runtime.block_on(Crowd::of(&city));
    let mut table = String::new();
    for connections in CONNECTIONS {
        let versus = Versus { city: city.public(), bare: bare.address, connections };
        let rates = versus.measure(&runtime, &mut crowd, &places);
        table.push_str(&format!(
            "{connections} connections\n\
             durable bookings              {:>8.0} /s\n\
             bare axum, the same JSON      {:>8.0} /s   ratio {:.2} (goal: 0.50)\n\
             bare axum that does nothing   {:>8.0} /s   ratio {:.2}\n",
            rates.bookings,
            rates.bare_json,
            rates.bookings / rates.bare_json,
            rates.bare_nothing,
            rates.bookings / rates.bare_nothing,
        ));
    }
    let verified = city.verify();
    report(&format!("\n{table}verify: {}", if verified["ok"] == true { "ok" } else { "FAILED" }));
}
