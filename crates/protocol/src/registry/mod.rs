//! The wire between app and registry: JSON over HTTP, below [`API`].
//!
//! | Method and path (below `/api/v1`) | Body | Answer |
//! |---|---|---|
//! | `POST /session` | [`Login`](session::Login) | [`Me`](session::Me) |
//! | `GET /session` | | [`Me`](session::Me) |
//! | `DELETE /session` | | 204 |
//! | `GET /cards?…` | [`CardQuery`](cards::CardQuery) in the query | [`CardPage`](cards::CardPage) |
//! | `GET /cards/{number}` | | [`Card`](cards::Card) |
//! | `POST /cards/{number}/processes` | [`StartProcess`](processes::StartProcess) | 201 [`Process`](processes::Process) |
//! | `GET /processes/{id}` | | [`Process`](processes::Process) |
//! | `POST /processes/{id}/nonces` | | 201 [`Nonce`](processes::Nonce) |
//! | `POST /processes/{id}/reports` | [`HandReport`](processes::HandReport) | [`Assessment`](processes::Assessment) |
//! | `POST /processes/{id}/jobs` | [`AskForJob`](processes::AskForJob) | 201 [`IssuedJob`](processes::IssuedJob) |
//! | `POST /processes/{id}/cancel` | | [`Process`](processes::Process) |
//! | `POST /outcomes` | [`Outcome`](crate::outcome::Outcome) | [`OutcomeTaken`](processes::OutcomeTaken) |
//! | `GET /templates` | | [`TemplateSummary`](templates::TemplateSummary) list |
//! | `GET /templates/{name}` | | [`Template`](templates::Template) |
//! | `PUT /templates/{name}` | [`ChangeTemplate`](templates::ChangeTemplate) | [`Template`](templates::Template) |
//!
//! Every error is a [`Problem`](problem::Problem). Dates are `YYYY-MM-DD`; times are RFC 3339 in
//! UTC with seconds.

pub mod cards;
pub mod problem;
pub mod processes;
pub mod session;
pub mod templates;

/// What every path begins with.
pub const API: &str = "/api/v1";
