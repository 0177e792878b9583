//! A "no" of the console on its way out: the shell renders it once, as a page that says what happened and what to do next.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use sesshu_engine::CampaignError;
use sesshu_engine::core::refusal::{Refusal, RefusalCode};

use super::words::{campaign_words, refusal_words};

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StaffProblem {
    /// The request cannot be used; the text says why.
    Invalid(String),
    /// Nobody is signed in, and a form was sent.
    SignedOut,
    /// The page is not for this role.
    Forbidden,
    /// The console is not reached from this network.
    OtherNetwork,
    /// Another site sent this request.
    CrossSite,
    /// There is no such page, or what it is about is missing or somebody else's.
    NotFound,
    /// The address does not take this method.
    MethodNotAllowed,
    /// The request is too large.
    TooLarge,
    /// It cannot be done as things stand; the text says why.
    Conflict(String),
    /// There is too much to do; nothing was changed.
    Busy,
    /// Nobody knows whether it was done.
    Unavailable,
    /// Something is wrong inside.
    Internal,
}

impl StaffProblem {
    /// The problem that a bare status stands for: an answer of the router or of a layer.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::SignedOut,
            StatusCode::FORBIDDEN => Self::CrossSite,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            status if status.is_client_error() => Self::Invalid("送られた内容を読み取れませんでした。".into()),
            _ => Self::Internal,
        }
    }

    pub(super) const fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::SignedOut => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::OtherNetwork | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Busy | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What happened, as the page's heading.
    pub(super) const fn title(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "送られた内容に誤りがあります",
            Self::SignedOut => "ログインが必要です",
            Self::Forbidden => "この画面を使う権限がありません",
            Self::OtherNetwork => "この場所からは使えません",
            Self::CrossSite => "ほかのサイトから送られたため受け付けませんでした",
            Self::NotFound => "見つかりません",
            Self::MethodNotAllowed => "この操作はできません",
            Self::TooLarge => "送られた内容が大きすぎます",
            Self::Conflict(_) => "いまはできません",
            Self::Busy => "ただいま混み合っています",
            Self::Unavailable => "結果を確認できませんでした",
            Self::Internal => "システムの不具合で処理できませんでした",
        }
    }

    /// Why, and what was or was not done.
    pub(super) fn says(&self) -> &str {
        match self {
            Self::Invalid(why) | Self::Conflict(why) => why,
            Self::SignedOut => {
                "時間がたったか、権限が変わったため、ログアウトしました。送った内容は実行されていません。"
            }
            Self::Forbidden => {
                "あなたの役割では、この画面を開いたり、この操作をしたりできません。何も変わっていません。"
            }
            Self::OtherNetwork => "職員用の画面は、許可されたネットワークからだけ使えます。",
            Self::CrossSite => "送られた内容は実行されていません。",
            Self::NotFound => "このページはないか、対象がすでになくなったか、別の人や会場のものです。",
            Self::MethodNotAllowed => "このアドレスは、この方法では開けません。何も変わっていません。",
            Self::TooLarge => "何も取り込まれていません。",
            Self::Busy => "何も変わっていません。",
            Self::Unavailable => "操作が実行されたかどうか、まだわかりません。",
            Self::Internal => "記録を残しました。",
        }
    }

    /// What to do next.
    pub(super) const fn next(&self) -> &'static str {
        match self {
            Self::Invalid(_) | Self::Conflict(_) => "前の画面に戻り、内容を確かめてください。",
            Self::SignedOut => "ログインして、もう一度操作してください。",
            Self::Forbidden => "必要な場合は、管理者に役割の変更を頼んでください。",
            Self::OtherNetwork => "庁内のネットワークから開くか、システムの担当者に連絡してください。",
            Self::CrossSite => "この画面を開き直して、もう一度操作してください。",
            Self::NotFound | Self::MethodNotAllowed => "ホームから開き直してください。",
            Self::TooLarge => "ファイルを分けて、もう一度送ってください。",
            Self::Busy => "数秒待って、もう一度操作してください。",
            Self::Unavailable => "一覧を開いて結果を確かめてから、必要ならもう一度操作してください。",
            Self::Internal => "もう一度操作しても同じときは、システムの担当者に時刻を伝えてください。",
        }
    }
}

impl From<Refusal> for StaffProblem {
    fn from(refusal: Refusal) -> Self {
        match refusal.code {
            RefusalCode::Busy => Self::Busy,
            RefusalCode::Unavailable => Self::Unavailable,
            RefusalCode::NoSuchBooking | RefusalCode::NoSuchHold | RefusalCode::NoSuchSlot => Self::NotFound,
            _ => Self::Conflict(refusal_words(&refusal)),
        }
    }
}

impl From<CampaignError> for StaffProblem {
    fn from(error: CampaignError) -> Self {
        match error {
            CampaignError::Refused(refusal) => refusal.into(),
            CampaignError::NoSuchSession(_) | CampaignError::NoSuchStaff => Self::NotFound,
            CampaignError::Load(_)
            | CampaignError::Hash
            | CampaignError::Issue(_)
            | CampaignError::List(_)
            | CampaignError::Interrupted => {
                tracing::error!(%error, "a change of the campaign failed");
                Self::Internal
            }
            error => Self::Conflict(campaign_words(&error)),
        }
    }
}

/// The status alone: the shell, which knows who is signed in, renders the page.
impl IntoResponse for StaffProblem {
    fn into_response(self) -> Response {
        let mut answer = self.status().into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}
