//! The wire between app and registry: JSON over HTTP, below [`API`].
//!
//! | Method and path (below `/api/v1`) | Body | Answer |
//! |---|---|---|
//! | `POST /session` | [`Login`](session::Login) | [`Me`](session::Me) |
//! | `GET /session` | | [`Me`](session::Me) |
//! | `DELETE /session` | | 204 |
//! | `PUT /session/password` | [`ChangePassword`](session::ChangePassword) | [`Me`](session::Me) |
//! | `GET /cards?…` | [`CardQuery`](cards::CardQuery) in the query | [`CardPage`](cards::CardPage) |
//! | `GET /cards/{number}` | | [`Card`](cards::Card) |
//! | `POST /cards/{number}/processes` | [`StartProcess`](processes::StartProcess) | 201 [`Process`](processes::Process) |
//! | `GET /processes/{id}` | | [`Process`](processes::Process) |
//! | `POST /processes/{id}/nonces` | | 201 [`Nonce`](processes::Nonce) |
//! | `POST /processes/{id}/reports` | [`HandReport`](processes::HandReport) | [`Assessment`](processes::Assessment) |
//! | `POST /processes/{id}/jobs` | [`AskForJob`](processes::AskForJob) | 201 [`IssuedJob`](processes::IssuedJob) |
//! | `POST /processes/{id}/cancel` | | [`Process`](processes::Process) |
//! | `POST /processes/{id}/take-over` | | [`Process`](processes::Process) |
//! | `POST /outcomes` | [`Outcome`](crate::outcome::Outcome) | [`OutcomeTaken`](processes::OutcomeTaken) |
//! | `POST /refusals` | [`Signed`](crate::signed::Signed) [`Refusal`](crate::outcome::Refusal) | 204 |
//! | `POST /cards/{number}/reveals` | [`Reveal`](secrets::Reveal) | [`Revealed`](secrets::Revealed) |
//! | `POST /enrolments` | [`Enrol`](crate::enrolment::Enrol) | 201 [`Enrolled`](crate::enrolment::Enrolled) |
//! | `POST /workstations/{id}/tickets` | [`AskForTicket`](workstations::AskForTicket) | 201 [`IssuedTicket`](workstations::IssuedTicket) |
//! | `GET /workstations` | | [`Workstation`](workstations::Workstation) list |
//! | `POST /workstations` | [`AddWorkstation`](workstations::AddWorkstation) | 201 [`Invitation`](workstations::Invitation) |
//! | `PUT /workstations/{id}` | [`ChangeWorkstation`](workstations::ChangeWorkstation) | [`Workstation`](workstations::Workstation) |
//! | `POST /workstations/{id}/codes` | | 201 [`Invitation`](workstations::Invitation) |
//! | `POST /workstations/{id}/revoke` | | [`Workstation`](workstations::Workstation) |
//! | `GET /accounts` | | [`Account`](accounts::Account) list |
//! | `POST /accounts` | [`AddAccount`](accounts::AddAccount) | 201 [`NewPassword`](accounts::NewPassword) |
//! | `PUT /accounts/{name}` | [`ChangeAccount`](accounts::ChangeAccount) | [`Account`](accounts::Account) |
//! | `POST /accounts/{name}/password` | | 201 [`NewPassword`](accounts::NewPassword) |
//! | `POST /accounts/{name}/unlock` | | [`Account`](accounts::Account) |
//! | `GET /audit?…` | [`AuditQuery`](audit::AuditQuery) in the query | [`AuditPage`](audit::AuditPage) |
//! | `GET /audit/export?…` | [`AuditQuery`](audit::AuditQuery) in the query | CSV |
//! | `GET /templates` | | [`TemplateSummary`](templates::TemplateSummary) list |
//! | `GET /templates/{name}` | | [`Template`](templates::Template) |
//! | `PUT /templates/{name}` | [`ChangeTemplate`](templates::ChangeTemplate) | [`Template`](templates::Template) |
//!
//! Every error is a [`Problem`](problem::Problem). Dates are `YYYY-MM-DD`; times are RFC 3339 in
//! UTC with seconds. Who asks is proved by each request, see [`proof`].

pub mod account_name;
pub mod accounts;
pub mod audit;
pub mod cards;
pub mod problem;
pub mod processes;
pub mod proof;
pub mod secrets;
pub mod session;
pub mod templates;
pub mod workstations;

/// What every path begins with.
pub const API: &str = "/api/v1";
