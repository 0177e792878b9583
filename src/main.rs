//! Sesshu (接種): the booking engine of a city's mass vaccination. This is the one binary: command line, configuration,
//! composition root. It holds no rule about bookings and speaks neither HTTP nor SQL itself.

mod backups;
mod cli;
mod commands;
mod config;
mod control;
mod demo;
mod drill;
mod exit;
mod folder;
mod jobs;
mod monitoring;
mod notices;
mod open_files;
mod own_program;
mod own_server;
mod password_list;
mod phone;
mod rehearse;
mod run_file;
mod serve;
mod stop_signals;
mod switches;
mod systemd;
mod terminal;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use tracing_subscriber::EnvFilter;

use cli::{
    CampaignCommand, Cli, Command, ImportCommand, ResidentCommand, ResidentsCommand, SessionsCommand, SiteCommand,
    StaffCommand,
};
use exit::Failure;
use folder::DataFolder;

/// Every request and every commit allocates; the system's allocator is the slower one for blocks of some kilobytes that one thread
/// makes and another one frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env("SESSHU_LOG").unwrap_or_else(|_| EnvFilter::new("warn,sesshu=info"));
    let ansi = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(ansi).init();
    std::panic::set_hook(Box::new(log_panic));
    // Everything that Sesshu writes may hold personal data or secrets: for its own user only.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    if let Err(failure) = own_program::begin_as_child() {
        return failed(&failure);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("staff").enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli));
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Failure::internal(error)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failed(&failure),
    }
}

/// A panic is a line of the log like any other: most are caught, such as those over the pages of a damaged store.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let said = panic.payload_as_str().unwrap_or("no words");
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        tracing::error!(at, thread = thread.name(), "panicked: {said}\n{trace}");
    } else {
        tracing::error!(at, thread = thread.name(), "panicked: {said}");
    }
}

fn failed(failure: &Failure) -> ExitCode {
    eprintln!("sesshu: {failure}");
    ExitCode::from(failure.status.code())
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let default = match &cli.command {
        Command::Demo(args) if args.training => "./sesshu-training",
        Command::Demo(_) => "./sesshu-demo",
        Command::Watch(_) => "./sesshu-watch",
        _ => "./sesshu-data",
    };
    let folder = DataFolder::of(&cli.common, default);
    match cli.command {
        Command::Demo(args) => {
            install_tls()?;
            demo::demo(&folder, &args).await
        }
        Command::Init => commands::init(&folder),
        Command::Serve(args) => {
            install_tls()?;
            let config = folder.config_of(args.copy)?;
            let engine = serve::open(&folder, &config).await?;
            serve::serve(&folder, &config, &args.listen, engine, |addresses| {
                eprintln!("residents {}", addresses.url(addresses.public, true));
                Ok(())
            })
            .await
        }
        Command::Residents(ResidentsCommand::Import { import, partial }) => {
            commands::import_roll(&folder, &import, partial).await
        }
        Command::Residents(ResidentsCommand::Issue { group, out, confirm }) => {
            commands::issue_passwords(&folder, group, &out, confirm.yes).await
        }
        Command::Resident(ResidentCommand::Report { id, copy }) => commands::report(&folder, &id, copy).await,
        Command::Sessions(SessionsCommand::Import(args)) => commands::import_sessions(&folder, &args).await,
        Command::Sessions(SessionsCommand::Publish { opens_at, confirm }) => {
            commands::publish(&folder, &opens_at, confirm.yes).await
        }
        Command::Waves(ImportCommand::Import(args)) => commands::import_waves(&folder, &args).await,
        Command::Doses(ImportCommand::Import(args)) => commands::import_doses(&folder, &args).await,
        Command::Site(SiteCommand::Import(args)) => commands::import_site(&folder, &args).await,
        Command::Site(SiteCommand::Export { out }) => commands::export_site(&folder, out.as_deref()).await,
        Command::Staff(StaffCommand::Add { login, role }) => commands::staff(&folder, &login, Some(role)).await,
        Command::Staff(StaffCommand::Reset { login }) => commands::staff(&folder, &login, None).await,
        Command::Staff(StaffCommand::Disable { login, undo }) => commands::disable_staff(&folder, &login, !undo).await,
        Command::Staff(StaffCommand::List) => commands::list_staff(&folder).await,
        Command::Campaign(CampaignCommand::Close { keep_days, confirm }) => {
            commands::close_campaign(&folder, keep_days, confirm.yes).await
        }
        Command::Campaign(CampaignCommand::Reopen { confirm }) => commands::reopen_campaign(&folder, confirm.yes).await,
        Command::Notice(command) => {
            install_tls()?;
            commands::notice(&folder, command).await
        }
        Command::Switch(command) => commands::switch(&folder, command).await,
        Command::Backup(command) => commands::backup(&folder, command).await,
        Command::Rehearse(args) => rehearse::rehearse(&folder, args).await,
        Command::Alert(command) => {
            install_tls()?;
            commands::alert(&folder, command).await
        }
        Command::Watch(args) => {
            install_tls()?;
            commands::watch(&folder, cli.common.config, &args).await
        }
        Command::Verify { copy } => commands::verify(&folder, copy).await,
        Command::CheckConfig => commands::check_config(&folder),
        Command::Doctor => commands::doctor(&folder).await,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sesshu", &mut script);
            commands::print_bytes(&script)
        }
    }
}

fn install_tls() -> Result<(), Failure> {
    let installed = rustls::crypto::ring::default_provider().install_default();
    installed.map_err(|_| Failure::internal("the TLS provider is installed twice"))
}
