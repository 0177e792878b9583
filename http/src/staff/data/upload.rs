//! A file that a form sends, with the form's other fields.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use crate::staff::desk::Console;
use crate::staff::problem::StaffProblem;

/// The longest other field, in bytes, and how many there are.
const FIELD_BYTES_MAX: usize = 256;
const FIELDS_MAX: usize = 16;

/// The form.
pub(in crate::staff) struct Upload {
    /// The file in the field `file`; empty if none was chosen.
    pub(super) file: Bytes,
    fields: BTreeMap<String, String>,
}

impl Upload {
    /// Whether the box `name` is ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| value == "yes")
    }
}

impl FromRequest<Console> for Upload {
    type Rejection = StaffProblem;

    async fn from_request(request: Request, desk: &Console) -> Result<Self, StaffProblem> {
        let _one_of_few = desk.data.uploads.try_acquire().map_err(|_| StaffProblem::Busy)?;
        let mut form = Multipart::from_request(request, desk).await.map_err(|_| unreadable())?;
        let mut upload = Self { file: Bytes::new(), fields: BTreeMap::new() };
        while let Some(field) = form.next_field().await.map_err(|error| problem(&error))? {
            let name = field.name().unwrap_or_default().to_owned();
            let bytes = field.bytes().await.map_err(|error| problem(&error))?;
            if name == "file" {
                upload.file = bytes;
            } else if bytes.len() <= FIELD_BYTES_MAX && upload.fields.len() < FIELDS_MAX {
                let value = String::from_utf8(bytes.into()).map_err(|_| unreadable())?;
                upload.fields.insert(name, value);
            } else {
                return Err(unreadable());
            }
        }
        Ok(upload)
    }
}

fn problem(error: &MultipartError) -> StaffProblem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { StaffProblem::TooLarge } else { unreadable() }
}

fn unreadable() -> StaffProblem {
    StaffProblem::Invalid("送られたファイルを読み取れませんでした。".into())
}
