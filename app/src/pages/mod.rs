//! One file per page.

mod card;
mod home;
mod login;
mod not_found;
mod process;
mod search;
mod start;
mod template;
mod templates;
mod workstation;

pub(crate) use card::CardPage;
pub(crate) use home::HomePage;
pub(crate) use login::LoginPage;
pub(crate) use not_found::NotFoundPage;
pub(crate) use process::ProcessPage;
pub(crate) use search::SearchPage;
pub(crate) use template::TemplatePage;
pub(crate) use templates::TemplatesPage;
pub(crate) use workstation::WorkstationPage;
