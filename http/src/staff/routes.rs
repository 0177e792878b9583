//! The routes of the console, all of them: who may open what.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use sesshu_engine::EngineHandle;
use sesshu_engine::core::staff::StaffRole;

use super::access::{Access, Method, RouteRow, StaffRoutes};
use super::config::StaffConfig;
use super::desk::StaffDesk;
use super::operator::{book, calls, cancel, confirm, done, end, hold, notes, person, places, search, slip};
use super::overview::WATCHERS;
use super::problem::StaffProblem;
use super::shell::shell;
use super::{assets, audit, campaign, data, follow_up, home, login, logout, notices, ops, overview, sessions, venue};
use crate::cross_site::cross_site_layer;

/// Who works in a venue.
const VENUE: Access = Access::Roles(&[StaffRole::Venue]);
/// Who reaches people about their bookings.
const FOLLOW_UP: Access = Access::Roles(&[StaffRole::Operator, StaffRole::Admin]);
/// The call centre.
const OPERATOR: Access = Access::Roles(&[StaffRole::Operator]);
/// Those who run the campaign.
const ADMINS: Access = Access::Roles(&[StaffRole::Admin]);

/// The table.
fn table() -> StaffRoutes {
    use Access::{Anybody, SignedIn};
    use Method::{Get, Post};

    let shared = StaffRoutes::new()
        .route(Anybody, Get, "/login", login::get_login)
        .route(Anybody, Post, "/login", login::post_login)
        .route(Anybody, Get, "/assets/{file}", assets::get_asset)
        .route(SignedIn, Post, "/logout", logout::post_logout)
        .route(SignedIn, Get, "/", home::get_home);
    let with_people = call_centre_pages(venue_pages(shared));
    notice_pages(ops_pages(campaign_pages(overview_pages(data_pages(plan_pages(with_people))))))
}

/// The plan: sessions, publishing, waves, venues, vaccines.
fn plan_pages(table: StaffRoutes) -> StaffRoutes {
    use Method::{Get, Post};

    table
        .route(ADMINS, Get, "/sessions", sessions::month::get_sessions)
        .route(ADMINS, Get, "/sessions/list", sessions::list::get_list)
        .route(ADMINS, Get, "/sessions/new", sessions::new::get_new)
        .route(ADMINS, Post, "/sessions/new", sessions::new::post_new)
        .route(ADMINS, Get, "/sessions/pattern", sessions::pattern::get_pattern)
        .route(ADMINS, Post, "/sessions/pattern", sessions::pattern::post_pattern)
        .route(ADMINS, Get, "/sessions/sheet", sessions::sheet::get_sheet)
        .upload(ADMINS, "/sessions/sheet", sessions::sheet::post_sheet)
        .route(ADMINS, Get, "/sessions/drafts", sessions::drafts::get_drafts)
        .route(ADMINS, Post, "/sessions/drafts/discard", sessions::drafts::post_discard)
        .route(ADMINS, Post, "/sessions/drafts/restore", sessions::drafts::post_restore)
        .route(ADMINS, Get, "/sessions/close", sessions::close::get_close)
        .route(ADMINS, Post, "/sessions/close", sessions::close::post_close)
        .route(ADMINS, Post, "/sessions/reopen", sessions::close::post_reopen_many)
        .route(ADMINS, Get, "/sessions/{session}", sessions::one::get_session)
        .route(ADMINS, Post, "/sessions/{session}/capacity", sessions::capacity::post_capacity)
        .route(ADMINS, Post, "/sessions/{session}/stock", sessions::stock::post_stock)
        .route(ADMINS, Post, "/sessions/{session}/close", sessions::close::post_close_one)
        .route(ADMINS, Post, "/sessions/{session}/reopen", sessions::close::post_reopen_one)
        .route(ADMINS, Get, "/sessions/{session}/cancel", sessions::cancel::get_cancel)
        .route(ADMINS, Post, "/sessions/{session}/cancel", sessions::cancel::post_cancel)
        .route(ADMINS, Post, "/sessions/{session}/cancel/rest", sessions::cancel::post_cancel_rest)
        .route(ADMINS, Get, "/publish", sessions::publish::get_publish)
        .route(ADMINS, Post, "/publish", sessions::publish::post_publish)
        .route(ADMINS, Post, "/publish/propose", sessions::publish::post_propose)
        .route(ADMINS, Post, "/publish/withdraw", sessions::publish::post_withdraw)
        .route(ADMINS, Get, "/waves", sessions::waves::get_waves)
        .route(ADMINS, Get, "/waves/new", sessions::waves::get_new_wave)
        .route(ADMINS, Post, "/waves/new", sessions::waves::post_new_wave)
        .route(ADMINS, Get, "/waves/{wave}", sessions::waves::get_wave)
        .route(ADMINS, Post, "/waves/{wave}", sessions::waves::post_wave)
        .route(ADMINS, Post, "/waves/{wave}/earlier", sessions::waves::post_earlier)
        .route(ADMINS, Get, "/waves/{wave}/remove", sessions::waves::get_remove)
        .route(ADMINS, Post, "/waves/{wave}/remove", sessions::waves::post_remove)
        .route(ADMINS, Get, "/venues", sessions::venues::get_venues)
        .route(ADMINS, Post, "/venues", sessions::venues::post_venues)
        .route(ADMINS, Get, "/venues/{venue}", sessions::venues::get_venue)
        .route(ADMINS, Post, "/venues/{venue}", sessions::venues::post_venue)
        .route(ADMINS, Get, "/vaccines", sessions::vaccines::get_vaccines)
        .route(ADMINS, Get, "/vaccines/new", sessions::vaccines::get_new_vaccine)
        .route(ADMINS, Post, "/vaccines/new", sessions::vaccines::post_new_vaccine)
        .route(ADMINS, Get, "/vaccines/{vaccine}", sessions::vaccines::get_vaccine)
        .route(ADMINS, Post, "/vaccines/{vaccine}", sessions::vaccines::post_vaccine)
}

/// The venue's day, and whom the city has to reach.
fn venue_pages(table: StaffRoutes) -> StaffRoutes {
    use Method::{Get, Post};

    table
        // The venue.
        .route(VENUE, Get, "/venue", venue::get_venues)
        .route(VENUE, Get, "/venue/{venue}", venue::get_day)
        .route(VENUE, Post, "/venue/{venue}/find", venue::post_find)
        .route(VENUE, Get, "/venue/{venue}/people/{number}", venue::get_person)
        .route(VENUE, Post, "/venue/{venue}/people/{number}", venue::post_attendance)
        .route(VENUE, Post, "/venue/{venue}/no-shows", venue::post_no_shows)
        .route(VENUE, Get, "/venue/{venue}/print", venue::get_print)
        .route(VENUE, Get, "/venue/{venue}/walk-in", venue::get_walk_in)
        .route(VENUE, Post, "/venue/{venue}/walk-in", venue::post_walk_in)
        .route(VENUE, Post, "/venue/{venue}/walk-in/book", venue::post_walk_in_book)
        .route(VENUE, Get, "/venue/{venue}/leftovers", venue::get_leftovers)
        .route(VENUE, Get, "/venue/{venue}/leftovers/{session}", venue::get_leftovers_of)
        .route(VENUE, Post, "/venue/{venue}/leftovers/{session}", venue::post_leftover)
        .route(VENUE, Post, "/venue/{venue}/leftovers/{session}/ids", venue::post_leftover_ids)
        // Whom the city has to reach.
        .route(FOLLOW_UP, Get, "/follow-up", follow_up::get_follow_up)
        .route(FOLLOW_UP, Post, "/follow-up", follow_up::post_follow_up)
        .route(FOLLOW_UP, Post, "/follow-up/export", follow_up::post_follow_up_export)
}

/// The call centre: a person is reached only inside the operator's running call, by the turn in which they were found.
fn call_centre_pages(table: StaffRoutes) -> StaffRoutes {
    use Method::{Get, Post};

    table
        .route(OPERATOR, Get, "/calls", calls::get_calls)
        .route(OPERATOR, Post, "/calls", calls::post_calls)
        .route(OPERATOR, Get, "/calls/{call}", search::get_search)
        .route(OPERATOR, Post, "/calls/{call}", search::post_search)
        .route(OPERATOR, Get, "/calls/{call}/end", end::get_end)
        .route(OPERATOR, Post, "/calls/{call}/end", end::post_end)
        .route(OPERATOR, Get, "/calls/{call}/{turn}", person::get_person)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/places", places::get_places)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/hold", hold::post_hold)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/release", hold::post_release)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/confirm/{hold}", confirm::get_confirm)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/book", book::post_book)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/done", done::get_done)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/slip", slip::get_slip)
        .route(OPERATOR, Get, "/calls/{call}/{turn}/cancel/{number}", cancel::get_cancel)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/cancel/{number}", cancel::post_cancel)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/clinic", notes::post_clinic)
        .route(OPERATOR, Post, "/calls/{call}/{turn}/password", notes::post_password)
}

/// The end of the campaign.
fn campaign_pages(table: StaffRoutes) -> StaffRoutes {
    use Method::{Get, Post};

    table
        .route(ADMINS, Get, "/campaign", campaign::get_campaign)
        .route(ADMINS, Post, "/campaign/close", campaign::post_close)
        .route(ADMINS, Post, "/campaign/reopen", campaign::post_reopen)
}

/// Failures and planned work that people are told of.
fn notice_pages(table: StaffRoutes) -> StaffRoutes {
    use Access::Roles;
    use Method::{Get, Post};

    table
        .route(Roles(WATCHERS), Get, "/notices", notices::get_list)
        .route(Roles(WATCHERS), Get, "/notices/new", notices::get_new)
        .route(Roles(WATCHERS), Post, "/notices/new", notices::post_new)
        .route(Roles(WATCHERS), Get, "/notices/{no}", notices::get_one)
        .route(Roles(WATCHERS), Post, "/notices/{no}", notices::post_one)
        .route(Roles(WATCHERS), Post, "/notices/{no}/called", notices::post_called)
        .route(Roles(WATCHERS), Get, "/notices/{no}/record.csv", notices::get_record)
}

/// The monitor's findings and the backups, and what is ordered of them.
fn ops_pages(table: StaffRoutes) -> StaffRoutes {
    use Access::Roles;
    use Method::{Get, Post};

    table
        .route(Roles(WATCHERS), Get, "/ops", ops::get_glance)
        .route(Roles(WATCHERS), Get, "/ops/history", ops::get_history)
        .route(Roles(WATCHERS), Get, "/ops/incidents", ops::get_incidents)
        .route(Roles(WATCHERS), Get, "/ops/incidents/{no}", ops::get_incident)
        .route(Roles(WATCHERS), Post, "/ops/incidents/{no}/acknowledge", ops::post_acknowledge)
        .route(Roles(WATCHERS), Get, "/ops/silences", ops::get_silences)
        .route(Roles(WATCHERS), Post, "/ops/silences", ops::post_silence)
        .route(Roles(WATCHERS), Post, "/ops/silences/{no}/end", ops::post_end_silence)
        .route(Roles(WATCHERS), Get, "/ops/switches", ops::get_switches)
        .route(Roles(WATCHERS), Post, "/ops/switches", ops::post_switches)
        .route(Roles(WATCHERS), Get, "/ops/contacts", ops::get_contacts)
        .route(Roles(WATCHERS), Post, "/ops/calls", ops::post_call)
        .route(Roles(WATCHERS), Get, "/ops/backups", ops::get_backups)
        .route(Roles(WATCHERS), Post, "/ops/backups/now", ops::post_backup)
        .route(Roles(WATCHERS), Post, "/ops/backups/drill", ops::post_drill)
        .route(Roles(WATCHERS), Get, "/ops/backups/drills", ops::get_drills)
        .route(Roles(WATCHERS), Get, "/ops/backups/drills.csv", ops::get_drills_csv)
}

/// The overview and the audit.
fn overview_pages(table: StaffRoutes) -> StaffRoutes {
    use Access::Roles;
    use Method::{Get, Post};

    table
        .route(Roles(WATCHERS), Get, "/overview", overview::get_overview)
        .route(Roles(WATCHERS), Get, "/overview/events", overview::get_events)
        .route(Roles(WATCHERS), Get, "/audit", audit::get_audit)
        .route(Roles(WATCHERS), Get, "/audit/entry/{seq}", audit::get_entry)
        .route(Roles(WATCHERS), Post, "/audit/person", audit::post_person)
        .route(Roles(WATCHERS), Get, "/audit/chain", audit::get_chain)
        .route(Roles(WATCHERS), Post, "/audit/chain", audit::post_chain)
        .route(Roles(WATCHERS), Get, "/audit/export", audit::get_export)
        .route(Roles(WATCHERS), Post, "/audit/export", audit::post_export)
}

/// The city's data: files in and out, passwords, accounts, what the resident pages say, what is held about one person.
fn data_pages(table: StaffRoutes) -> StaffRoutes {
    use Method::{Get, Post};
    use data::{
        accounts, announcements, exports, imports, look, page_texts, passwords, report, site, site_file, venue_pages,
    };

    table
        .route(ADMINS, Get, "/imports", imports::get_imports)
        .upload(ADMINS, "/imports/roll", imports::post_roll)
        .upload(ADMINS, "/imports/doses", imports::post_doses)
        .route(ADMINS, Get, "/imports/check", imports::get_check)
        .route(ADMINS, Get, "/imports/errors.csv", imports::get_wrong_lines)
        .route(ADMINS, Post, "/imports/confirm", imports::post_confirm)
        .route(ADMINS, Post, "/imports/drop", imports::post_drop)
        .route(ADMINS, Get, "/passwords", passwords::get_passwords)
        .route(ADMINS, Get, "/passwords/requests", passwords::get_requests)
        .route(ADMINS, Post, "/passwords/make", passwords::post_make)
        .route(ADMINS, Post, "/passwords/list", passwords::post_list)
        .route(ADMINS, Post, "/passwords/confirm", passwords::post_confirm)
        .route(ADMINS, Post, "/passwords/drop", passwords::post_drop)
        .route(ADMINS, Get, "/site", site::get_site)
        .route(ADMINS, Post, "/site/undo", site::post_undo)
        .route(ADMINS, Get, "/site/new-announcement", announcements::get_new)
        .route(ADMINS, Post, "/site/announcements", announcements::post_new)
        .route(ADMINS, Get, "/site/announcements/{id}", announcements::get_announcement)
        .route(ADMINS, Post, "/site/announcements/{id}", announcements::post_announcement)
        .route(ADMINS, Post, "/site/announcements/{id}/delete", announcements::post_delete)
        .route(ADMINS, Get, "/site/texts", page_texts::get_texts)
        .route(ADMINS, Get, "/site/texts/{key}", page_texts::get_text)
        .route(ADMINS, Post, "/site/texts/{key}", page_texts::post_text)
        .route(ADMINS, Get, "/site/venues", venue_pages::get_venues)
        .route(ADMINS, Get, "/site/venues/{id}", venue_pages::get_venue)
        .route(ADMINS, Post, "/site/venues/{id}", venue_pages::post_venue)
        .route(ADMINS, Get, "/site/look", look::get_look)
        .route(ADMINS, Post, "/site/look", look::post_look)
        .route(ADMINS, Get, "/site/file", site_file::get_file)
        .route(ADMINS, Get, "/site/file.toml", site_file::get_toml)
        .upload(ADMINS, "/site/file", site_file::post_file)
        .route(ADMINS, Get, "/site/file/check", site_file::get_check)
        .route(ADMINS, Post, "/site/file/confirm", site_file::post_confirm)
        .route(ADMINS, Get, "/exports", exports::get_exports)
        .route(ADMINS, Post, "/exports", exports::post_exports)
        .route(ADMINS, Get, "/accounts", accounts::get_accounts)
        .route(ADMINS, Post, "/accounts", accounts::post_accounts)
        .route(ADMINS, Get, "/secrets", accounts::get_secrets)
        .route(ADMINS, Get, "/accounts/{login}", accounts::get_account)
        .route(ADMINS, Post, "/accounts/{login}/reset", accounts::post_reset)
        .route(ADMINS, Post, "/accounts/{login}/disable", accounts::post_disable)
        .route(ADMINS, Post, "/accounts/{login}/enable", accounts::post_enable)
        .route(ADMINS, Post, "/accounts/{login}/venue", accounts::post_venue)
        .route(ADMINS, Get, "/report", report::get_ask)
        .route(ADMINS, Post, "/report", report::post_ask)
        .route(ADMINS, Get, "/report/person", report::get_person)
        .route(ADMINS, Post, "/report/close", report::post_close)
}

/// Where the navigation leads, in its order. Whoever may not open a page does not see its link.
pub(super) const NAV: &[NavLink] = &[
    NavLink { access: Access::SignedIn, path: "/", label: "ホーム", about: "この役割でできること" },
    // The plan.
    NavLink {
        access: ADMINS, path: "/sessions", label: "接種会", about: "月の表、下書き、定員、受付の停止、中止"
    },
    NavLink {
        access: ADMINS, path: "/publish", label: "公開", about: "下書きを確かめて、二人で公開する"
    },
    NavLink {
        access: ADMINS, path: "/waves", label: "優先区分", about: "だれが、いつから予約できるか"
    },
    NavLink { access: ADMINS, path: "/venues", label: "会場の登録", about: "会場の名前" },
    NavLink {
        access: ADMINS, path: "/vaccines", label: "ワクチン", about: "回数、間隔、対象年齢、1瓶の回数"
    },
    // The city's data.
    NavLink {
        access: ADMINS, path: "/imports", label: "取り込み", about: "名簿と、ほかの場所で受けた接種の記録"
    },
    NavLink {
        access: ADMINS, path: "/passwords", label: "パスワード", about: "郵送するパスワードの発行と再発行"
    },
    NavLink {
        access: ADMINS, path: "/site", label: "お知らせと画面", about: "お知らせ、文言、会場の案内、持ち物、色"
    },
    NavLink {
        access: ADMINS, path: "/exports", label: "書き出し", about: "予約の数、当日の名簿、国への報告"
    },
    NavLink {
        access: ADMINS, path: "/accounts", label: "職員", about: "職員のアカウントの追加、停止、再発行"
    },
    NavLink {
        access: ADMINS, path: "/report", label: "開示", about: "ある人について保有している情報"
    },
    // The overview and the audit.
    NavLink {
        access: Access::Roles(WATCHERS),
        path: "/overview",
        label: "いまの状況",
        about: "予約の速さ、会場の埋まり具合、見通し、注意を見る",
    },
    NavLink {
        access: Access::Roles(WATCHERS),
        path: "/ops",
        label: "運用",
        about: "異常と通知、ディスクやCPUの値、過去の推移、バックアップを見る",
    },
    NavLink {
        access: Access::Roles(WATCHERS),
        path: "/audit",
        label: "記録",
        about: "だれが、いつ、だれの情報を見たか、変えたかを調べる",
    },
    NavLink {
        access: Access::Roles(WATCHERS),
        path: "/notices",
        label: "障害・保守のお知らせ",
        about: "市民と関係者に、障害と計画保守を知らせる",
    },
    // The venue.
    NavLink {
        access: VENUE, path: "/venue", label: "会場", about: "受付、接種の記録、飛び込み、余った分、紙の名簿"
    },
    // Whom the city has to reach.
    NavLink {
        access: FOLLOW_UP,
        path: "/follow-up",
        label: "連絡が要る人",
        about: "中止になった人、2回目だけ残った人、転出した人",
    },
    NavLink {
        access: OPERATOR, path: "/calls", label: "電話の受付", about: "ご本人を確かめ、予約・変更・取消をする"
    },
    NavLink {
        access: ADMINS,
        path: "/campaign",
        label: "事業の終了",
        about: "事業を終了し、決めた日に個人情報を消去する",
    },
];

/// A link of the navigation, and of the first page.
#[derive(Debug, Clone, Copy)]
pub(super) struct NavLink {
    pub(super) access: Access,
    pub(super) path: &'static str,
    pub(super) label: &'static str,
    /// What is done there, in a few words.
    pub(super) about: &'static str,
}

impl NavLink {
    /// Whether `path` is its page or one below it.
    pub(super) fn leads_to(&self, path: &str) -> bool {
        let below = path.strip_prefix(self.path);
        below.is_some_and(|rest| rest.is_empty() || self.path != "/" && rest.starts_with('/'))
    }
}

/// The table as data.
#[must_use]
pub fn staff_routes() -> Vec<RouteRow> {
    table().rows()
}

/// The console's routes, testable without a socket.
pub fn staff_router(engine: EngineHandle, config: StaffConfig) -> Router {
    let cross_site = cross_site_layer(config.trusted_proxy.as_ref());
    let desk = Arc::new(StaffDesk::new(engine, config));
    table()
        .router()
        .fallback(async || StaffProblem::NotFound)
        .method_not_allowed_fallback(async || StaffProblem::MethodNotAllowed)
        .layer(cross_site)
        .layer(from_fn_with_state(Arc::clone(&desk), shell))
        .with_state(desk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_leads_to_a_page_with_the_same_access() {
        let rows = staff_routes();
        for link in NAV {
            let row = rows.iter().find(|row| row.path == link.path && row.method == Method::Get);
            assert_eq!(row.map(|row| row.access), Some(link.access), "{}", link.path);
        }
    }

    #[test]
    fn nobody_reaches_anything_but_signing_in_and_its_looks() {
        let open = staff_routes().into_iter().filter(|row| row.access == Access::Anybody);
        assert!(open.map(|row| row.path).all(|path| matches!(path, "/login" | "/assets/{file}")));
    }

    #[test]
    fn a_link_is_current_on_its_page_and_on_those_below() {
        let link = |path| NavLink { path, ..NAV[0] };
        let cases =
            [("/", "/", true), ("/", "/a", false), ("/a", "/a", true), ("/a", "/a/1", true), ("/a", "/ab", false)];
        for (path, at, current) in cases {
            assert_eq!(link(path).leads_to(at), current, "{path} at {at}");
        }
    }
}
