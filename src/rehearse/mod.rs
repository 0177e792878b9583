//! `rehearse`: an opening day played against a throw-away city on this machine, through the HTTP of a real server process. An
//! open-model load generator: people come by the clock, and every time counts from when a step was meant to begin, so that
//! a slow server is not spared by clients that wait for it.
//!
//! The generator shares the machine with the server, so it is frugal: one thread, on a runtime of its own. Where it was itself
//! the limit, the report says so.

mod answers;
mod attacks;
mod calls;
mod city;
mod city_plan;
mod dice;
mod figures;
mod journey;
mod measure;
mod plan;
mod plots;
mod progress;
mod recommend;
mod record;
mod report;
mod result;
mod rush;
mod samples;
mod scene;
mod shapes;
mod steps;
mod words;

use std::path::Path;
use std::rc::Rc;

use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::LocalSet;

use crate::cli::RehearseArgs;
use crate::commands::print;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::verified;
use crate::own_server::Server;
use crate::phone::{Network, sockets_max};
use crate::terminal::{japanese, words};
use city::City;
use city_plan::Model;
use plan::Plan;
use record::Record;
use result::Rehearsal;
use scene::Scene;

/// Plays a rehearsal, writes its report, and says whether all went well.
pub(crate) async fn rehearse(folder: &DataFolder, args: RehearseArgs) -> Result<(), Failure> {
    let report = &args.report;
    if !report.parent().is_none_or(|parent| parent.as_os_str().is_empty() || parent.is_dir()) || report.is_dir() {
        return Err(Failure::usage(format!("--report {}: no file can be written there", report.display())));
    }
    let model = match &args.from {
        Some(path) => Some(Model::of(DataFolder::at(path.clone())).await?),
        None => None,
    };
    let seed = args.seed.map_or_else(getrandom::u64, Ok).map_err(Failure::internal)?;
    let plan = Plan::draw(&args, model, seed);
    let data = folder.path.clone();
    let played = tokio::task::spawn_blocking(move || on_own_runtime(&data, plan)).await;
    let rehearsal = played.map_err(Failure::internal)??;
    std::fs::write(report, report::html(&rehearsal)?).map_err(Failure::io(report.display()))?;
    print(folder, &rehearsal.json(report), |_| rehearsal.text(report, japanese()))?;
    if rehearsal.all_well() { Ok(()) } else { Err(Failure::refused("the rehearsal was not sound")) }
}

fn on_own_runtime(data: &Path, plan: Plan) -> Result<Rehearsal, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::io("the rehearsal's thread"))?;
    let played = runtime.block_on(async {
        let mut stops = [SignalKind::interrupt(), SignalKind::terminate()].map(signal).into_iter();
        let (Some(Ok(mut interrupt)), Some(Ok(mut terminate))) = (stops.next(), stops.next()) else {
            return Err(Failure::internal("signals cannot be heard"));
        };
        let here = LocalSet::new();
        // Dropping what is played ends the server and removes the city.
        tokio::select! {
            played = here.run_until(play(data, plan)) => played,
            _ = interrupt.recv() => Err(Failure::refused("interrupted")),
            _ = terminate.recv() => Err(Failure::refused("interrupted")),
        }
    });
    runtime.shutdown_background();
    played
}

async fn play(data: &Path, plan: Plan) -> Result<Rehearsal, Failure> {
    say(words("街を用意しています。", "making the city"));
    let city = City::make(data, &plan).await?;
    // A city that is thrown away is not backed up meanwhile.
    let mut server = Server::start(&city.folder.path, city.beside_data(), &["--copy"]).await?;
    let of_attackers = if plan.attacks.is_empty() { 0 } else { attacks::SOCKETS_MAX };
    let network = Network::with_sockets(server.public, sockets_max().saturating_sub(of_attackers).max(1));
    let tokens = Rc::new(city.tokens(&network, plan.seed).await?);
    let logins = Rc::clone(&city.logins);
    let scene = Scene { network: Rc::clone(&network), logins, tokens, operators: city.operators.clone() };
    scene.early_look_in(&plan, city.opening).await;
    let before = scene.hand_out_places(&plan, city.opening).await?;
    say(&begin(&plan));
    let mut played = rush::play(&plan, &scene, &mut server, city.opening, before).await?;
    say(words("ログインと予約の速さを測っています。", "measuring logins and bookings"));
    let speeds = measure::measure(&scene, &plan, &mut played.records).await;
    say(words("記録を照合しています。", "comparing the records"));
    let ended = played.records.iter().map(|record| record.ended).collect();
    let (records, tokens) = with_bots(played.records, &scene.tokens, plan.city.residents as usize);
    let findings = record::check(&network, records, tokens, plan.city.slot_places).await;
    server.stop().await?;
    let verified = verify(&city.folder).await?;
    let made_at = city.made_at.clone();
    city.remove()?;
    let (figures, attacks) = (played.figures, played.attacks);
    Ok(Rehearsal { plan, figures, ended, findings, verified, made_at, attacks, speeds })
}

/// Everybody's record and token. A bot, if there is one, comes after all residents on the roll, and may have a booking or none.
fn with_bots(mut records: Vec<Record>, tokens: &[Rc<str>], residents: usize) -> (Vec<Record>, Vec<Rc<str>>) {
    let bots = tokens.get(residents..).unwrap_or_default();
    let tokens = tokens.iter().take(records.len()).chain(bots).map(Rc::clone).collect();
    records.extend(bots.iter().map(|_| Record { unclear: 1, ..Record::default() }));
    (records, tokens)
}

async fn verify(folder: &DataFolder) -> Result<Value, Failure> {
    let config = folder.engine_config(&folder.config_or_failure()?);
    let report = tokio::task::spawn_blocking(move || config.verify()).await.map_err(Failure::internal)?;
    report.map(|report| verified(&report)).map_err(Failure::refused)
}

fn begin(plan: &Plan) -> String {
    let (residents, places, seed) = (plan.people.len(), plan.city.places(), plan.seed);
    if japanese() {
        format!("受付開始: 住民 {residents} 人、{places} 枠（--seed {seed}）")
    } else {
        format!("opening: {residents} residents, {places} places (--seed {seed})")
    }
}

/// Tells the person at the terminal.
fn say(text: &str) {
    eprintln!("{text}");
}
