//! One file per page.

mod account;
mod accounts;
mod audit;
mod card;
mod home;
mod login;
mod not_found;
mod password;
mod process;
mod search;
mod start;
mod template;
mod templates;
mod workstation;
mod workstations;

pub(crate) use account::AccountPage;
pub(crate) use accounts::AccountsPage;
pub(crate) use audit::AuditLogPage;
pub(crate) use card::CardPage;
pub(crate) use home::HomePage;
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use password::PasswordPage;
pub(crate) use process::ProcessPage;
pub(crate) use search::SearchPage;
pub(crate) use template::TemplatePage;
pub(crate) use templates::TemplatesPage;
pub(crate) use workstation::WorkstationPage;
pub(crate) use workstations::WorkstationsPage;
