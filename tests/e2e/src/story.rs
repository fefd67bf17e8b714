use crate::browser::Browser;
use anyhow::Context as _;
use cardwright_virtual_card::CardOptions;
use cardwright_virtual_card::office::{Office, OfficeOptions};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use tempfile::TempDir;
use xtask::build::{dist, program};
use xtask::desk::{Desk, DeskOptions, Https, Readers};
use xtask::sh::answer;

/// The account made at the first start that configures.
pub const ADMIN: &str = "admin";
/// The account made at the first start that works with cards.
pub const OPERATOR: &str = "operator";

/// For how many seconds a chip may be silent. Stories hold chips still for as long as a browser
/// takes, also on a slow computer.
const CHIP_SECONDS: u16 = 600;

/// The name of a registry that is not on this computer.
const ELSEWHERE: &str = "cards.example";

/// A desk of its own in a folder of its own, and a browser at it.
pub struct Story {
    /// The browser; ends before the desk.
    pub browser: Browser,
    /// The desk; ends before the office.
    pub desk: Desk,
    /// The virtual card office: card 0 is in reader 0, the other readers are empty.
    pub office: Office,
    _folder: TempDir,
}

impl Story {
    /// Starts everything with so many virtual readers and the example cards.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn begin(readers: usize) -> anyhow::Result<Self> {
        Self::begin_at(folder()?, readers, None, false).await
    }

    /// The same, where registry and helper log all that they can.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn begin_verbosely(readers: usize) -> anyhow::Result<Self> {
        Self::begin_at(folder()?, readers, None, true).await
    }

    /// The same, where browsers take the registry for a server elsewhere, which has https.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn begin_elsewhere(readers: usize) -> anyhow::Result<Self> {
        let folder = folder()?;
        let https = certify(folder.path())?;
        Self::begin_at(folder, readers, Some(https), false).await
    }

    async fn begin_at(
        folder: TempDir,
        readers: usize,
        https: Option<Https>,
        verbose: bool,
    ) -> anyhow::Result<Self> {
        let office = Office::start(&OfficeOptions {
            readers,
            dir: folder.path().join("office"),
            program: Some(program("cardwright-virtual-card")),
        })?;
        if readers > 0 {
            office.insert(0, card(0))?;
        }
        let is_elsewhere = https.is_some();
        let desk = Desk::start(DeskOptions {
            data: folder.path().to_path_buf(),
            port: 0,
            helper_port: 0,
            readers: Readers::Socket(office.csock_name().to_path_buf()),
            app: Some(dist()),
            https,
            verbose,
            chip_seconds: Some(CHIP_SECONDS),
        })?;
        desk.import_example_cards()?;
        let browser = match is_elsewhere {
            false => Browser::open(&desk.url).await?,
            true => browser_from_elsewhere(&desk.url).await?,
        };
        Ok(Self { browser, desk, office, _folder: folder })
    }

    /// Logs in.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn log_in(&self, name: &str) -> anyhow::Result<()> {
        self.log_in_at(&self.browser, name).await
    }

    /// Logs in at another browser.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn log_in_at(&self, browser: &Browser, name: &str) -> anyhow::Result<()> {
        browser.go("/login").await?;
        self.fill_in(browser, name).await
    }

    /// Kills the browser with all its pages, and starts another one, which knows nothing.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn kill_browser(&mut self) -> anyhow::Result<()> {
        self.browser.kill();
        self.browser = Browser::open(&self.desk.url).await?;
        Ok(())
    }

    /// Logs in where the page asks for it.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn fill_in_login(&self, name: &str) -> anyhow::Result<()> {
        self.fill_in(&self.browser, name).await
    }

    async fn fill_in(&self, browser: &Browser, name: &str) -> anyhow::Result<()> {
        try_to_log_in(browser, name, self.password(name)?).await?;
        browser.see("SEARCH").await
    }

    /// Logs in with a first password, and chooses another one, which the page asks for.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn log_in_first(&self, name: &str, password: &str) -> anyhow::Result<String> {
        try_to_log_in(&self.browser, name, password).await?;
        self.browser.see("Choose a password of your own first.").await?;
        let chosen = format!("the password that {name} chose");
        self.choose_password(password, &chosen, &chosen).await?;
        self.browser.see("SEARCH").await?;
        Ok(chosen)
    }

    /// Fills in *Change password*, and clicks it.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn choose_password(&self, old: &str, new: &str, again: &str) -> anyhow::Result<()> {
        self.browser.fill("Password until now", old).await?;
        self.browser.fill("New password", new).await?;
        self.browser.fill("New password again", again).await?;
        self.browser.click("Change password").await
    }

    /// As admin: adds an account, and gives the password that is shown.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn add_account(&self, name: &str, role: &str) -> anyhow::Result<String> {
        let page = &self.browser;
        page.go("/accounts").await?;
        page.click("Add account").await?;
        page.see("The registry makes the first password").await?;
        page.fill("Name", name).await?;
        page.choose("Role", role).await?;
        page.click_in_dialog("Add account").await?;
        let password = page.shown_once("Password").await?;
        page.click_in_dialog("Close").await?;
        page.see_no("The new password").await?;
        Ok(password)
    }

    /// The password of an account that was made at the first start.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn password(&self, name: &str) -> anyhow::Result<&str> {
        let account = self.desk.accounts.iter().find(|account| account.0 == name);
        Ok(&account.context("made at the first start")?.1)
    }

    /// Logs out.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn log_out(&self) -> anyhow::Result<()> {
        self.browser.click("Log out").await?;
        self.browser.is_at("/login").await?;
        self.browser.see("Password").await
    }

    /// Ends the sessions of an account: it gets the password that it has.
    ///
    /// # Errors
    /// When the registry's command fails.
    pub fn end_sessions(&self, name: &str) -> anyhow::Result<()> {
        let mut set = self.desk.registry_command("set-password");
        answer(set.args([name, "--permanent"]), self.password(name)?).map(drop)
    }

    /// As admin: enables *Initialize temporary card* the way that a person does, and logs out.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn enable_initialize(&self) -> anyhow::Result<()> {
        self.log_in(ADMIN).await?;
        self.browser.click("Home").await?;
        self.browser.click("Cards").await?;
        self.browser.click("Temporary card").await?;
        self.browser.click("Produced").await?;
        self.browser.choose("Choose a command to add", "Initialize temporary card").await?;
        self.browser.see("TempCardsAddonExtProdInitialize").await?;
        self.browser.see("Unsaved changes").await?;
        self.save().await?;
        self.log_out().await
    }

    /// As admin: lets operators erase chips that somebody else has used, and logs out.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn allow_erasing(&self) -> anyhow::Result<()> {
        self.log_in(ADMIN).await?;
        self.browser.click("Home").await?;
        self.browser.click("Cards").await?;
        self.browser.click("Temporary card").await?;
        self.browser.tick("Operators may erase chips that somebody else has used").await?;
        self.browser.see("Unsaved changes").await?;
        self.save().await?;
        self.log_out().await
    }

    /// Saves the template that is open, and waits until the registry has it: whoever leaves the page
    /// before takes the request along.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn save(&self) -> anyhow::Result<()> {
        self.browser.click("Save").await?;
        self.browser.see("Saved").await
    }

    /// As operator: searches the produced cards.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn search_produced(&self) -> anyhow::Result<()> {
        self.browser.click("SEARCH").await?;
        self.browser.choose("Type", "Temporary card").await?;
        self.browser.choose("Status", "Produced").await?;
        self.browser.click("Search").await?;
        self.browser.see("produced cards").await
    }

    /// As operator: opens a card by its number and starts *Initialize temporary card*.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn start_initializing(&self, number: &str) -> anyhow::Result<()> {
        self.browser.go(&format!("/cards/{number}")).await?;
        self.browser.see("What do you want to do?").await?;
        self.browser.click("Initialize temporary card").await?;
        self.browser.see("Card and chip").await
    }

    /// As operator: searches the cards that are interrupted.
    ///
    /// # Errors
    /// When that does not work.
    pub async fn search_interrupted(&self) -> anyhow::Result<()> {
        self.browser.click("SEARCH").await?;
        self.browser.choose("Chip", "Interrupted").await?;
        self.browser.click("Search").await
    }

    /// Everything that registry, helper and office wrote to their logs.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub fn logs(&self) -> anyhow::Result<String> {
        let read = |name: &str| std::fs::read_to_string(self.desk.data().join(name));
        let mut logs = String::new();
        for name in ["registry.log", "helper.log"] {
            logs += &read(name).with_context(|| format!("{name} cannot be read"))?;
        }
        Ok(logs)
    }

    /// The folder of the registry's database and keys.
    #[must_use]
    pub fn registry_data(&self) -> std::path::PathBuf {
        Path::new(self.desk.data()).join("registry")
    }

    /// The chip with this index for whoever opens it outside of the office.
    #[must_use]
    pub fn kept_chip(&self, index: usize) -> CardOptions {
        let state = self.desk.data().join(format!("office/card-{index}"));
        CardOptions { state: Some(state), ..card(index) }
    }
}

/// Fills in the login and clicks it, whatever comes of it.
///
/// # Errors
/// When no login is asked for.
pub async fn try_to_log_in(browser: &Browser, name: &str, password: &str) -> anyhow::Result<()> {
    browser.fill("Name", name).await?;
    browser.fill("Password", password).await?;
    browser.click("Log in").await
}

fn folder() -> anyhow::Result<TempDir> {
    Ok(tempfile::Builder::new().prefix("cardwright-").tempdir()?)
}

/// Makes an authority, and a certificate of it for a server elsewhere.
fn certify(folder: &Path) -> anyhow::Result<Https> {
    let authority_key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = parameters.self_signed(&authority_key)?;
    let issuer = Issuer::new(parameters, authority_key);
    let key = KeyPair::generate()?;
    let names = vec![ELSEWHERE.to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600).open(&path)?.write_all(text.as_bytes())?;
        anyhow::Ok(path)
    };
    Ok(Https {
        name: ELSEWHERE.to_owned(),
        certificate: file("certificate.pem", &certificate.pem())?,
        key: file("certificate-key.pem", &key.serialize_pem())?,
        authority: file("authority.pem", &authority.pem())?,
    })
}

/// A browser that takes the registry's port of this computer for a public server of that name.
async fn browser_from_elsewhere(url: &str) -> anyhow::Result<Browser> {
    let port = url.rsplit(':').next().unwrap_or_default();
    let resolver = format!("--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1");
    let space = format!("--ip-address-space-overrides=127.0.0.1:{port}=public");
    let arguments = ["--ignore-certificate-errors", &resolver, &space];
    let browser = Browser::open_with(url, &arguments).await?;
    browser.go("/").await?;
    Ok(browser)
}

/// The chip with this index.
#[must_use]
pub fn card(index: usize) -> CardOptions {
    CardOptions { index: index as u16, ..CardOptions::default() }
}
