mod fields;
mod keys;

use crate::devtools::{Devtools, Traffic};
use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use thirtyfour::LoggingPrefsLogLevel;
use thirtyfour::prelude::*;

/// How long something may take to be seen, also where many programs share a slow computer. Only a
/// story that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(180);

/// How often the page is looked at meanwhile.
const GLANCE: Duration = Duration::from_millis(40);

/// A headless Chromium, used by what a person sees: labels, words, buttons.
pub struct Browser {
    driver: WebDriver,
    /// `None` when it was killed.
    chromedriver: Option<Child>,
    home: String,
    /// Everything that Chromium and its driver keep; it goes with them.
    folder: TempDir,
}

impl Browser {
    /// Starts one and opens a page.
    ///
    /// # Errors
    /// When Chromium or its driver does not start.
    pub async fn open(home: &str) -> anyhow::Result<Self> {
        let browser = Self::open_with(home, &[]).await?;
        browser.go("/").await?;
        Ok(browser)
    }

    /// Starts one with more arguments, and opens no page yet.
    ///
    /// # Errors
    /// When Chromium or its driver does not start.
    pub async fn open_with(home: &str, arguments: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("cardwright-browser-").tempdir()?;
        let mut chromedriver = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", folder.path())
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver is in Debian's package chromium-driver")?;
        let stdout = chromedriver.stdout.take().context("standard output is a pipe")?;
        let mut lines = BufReader::new(stdout).lines();
        let port = loop {
            let line = lines.next().context("chromedriver ended")??;
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // Read on, so that the driver never waits for us.
        std::thread::spawn(move || lines.for_each(drop));

        let mut capabilities = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1280,900",
        ]
        .iter()
        .chain(arguments)
        {
            capabilities.add_arg(argument)?;
        }
        let downloads = folder.path().join("downloads");
        std::fs::create_dir(&downloads)?;
        let preferences = serde_json::json!({"download.default_directory": downloads});
        capabilities.add_experimental_option("prefs", preferences)?;
        capabilities.set_logging_prefs("browser".to_owned(), LoggingPrefsLogLevel::All)?;
        let driver = WebDriver::builder(format!("http://127.0.0.1:{port}"), capabilities)
            .request_timeout(2 * PATIENCE)
            .await?;
        driver.set_script_timeout(PATIENCE).await?;
        // It ends with this struct, also where a test fails: see `drop`.
        driver.clone().leak()?;
        let chromedriver = Some(chromedriver);
        Ok(Self { driver, chromedriver, home: home.to_owned(), folder })
    }

    /// Opens a path of the app.
    ///
    /// # Errors
    /// When the page does not load.
    pub async fn go(&self, path: &str) -> anyhow::Result<()> {
        Ok(self.driver.goto(format!("{}{path}", self.home)).await?)
    }

    /// Opens any page.
    ///
    /// # Errors
    /// When the page does not load.
    pub async fn visit(&self, url: &str) -> anyhow::Result<()> {
        Ok(self.driver.goto(url).await?)
    }

    /// Everything that Chromium keeps on disk.
    #[must_use]
    pub fn profile(&self) -> &Path {
        self.folder.path()
    }

    /// Where files go that a page hands to the person.
    #[must_use]
    pub fn downloads(&self) -> PathBuf {
        self.folder.path().join("downloads")
    }

    /// Chromium's own view of the page that is open.
    ///
    /// # Errors
    /// When Chromium does not let us in.
    pub async fn devtools(&self) -> anyhow::Result<(Devtools, Traffic)> {
        Devtools::attach(self.folder.path()).await
    }

    /// Reloads the page.
    ///
    /// # Errors
    /// When the page does not load.
    pub async fn reload(&self) -> anyhow::Result<()> {
        Ok(self.driver.refresh().await?)
    }

    /// Goes back one page.
    ///
    /// # Errors
    /// When there is none.
    pub async fn back(&self) -> anyhow::Result<()> {
        Ok(self.driver.back().await?)
    }

    /// The path and query that the page is at.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn path(&self) -> anyhow::Result<String> {
        let url = self.driver.current_url().await?;
        Ok(url.as_str().trim_start_matches(&self.home).to_owned())
    }

    /// Waits until the path and query of the page begin so.
    ///
    /// # Errors
    /// With where it is instead.
    pub async fn is_at(&self, path: &str) -> anyhow::Result<()> {
        let is_there = async || Ok(self.path().await?.starts_with(path));
        self.wait(&format!("the address {path:?}"), is_there).await
    }

    /// The text that a person can see.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn text(&self) -> anyhow::Result<String> {
        let text = self.driver.execute("return document.body.innerText", Vec::new()).await?;
        Ok(text.convert()?)
    }

    /// Waits until some words are on the page.
    ///
    /// # Errors
    /// With what is there instead.
    pub async fn see(&self, words: &str) -> anyhow::Result<()> {
        self.wait(&format!("{words:?}"), async || Ok(self.text().await?.contains(words))).await
    }

    /// Waits until some words are on the page no more.
    ///
    /// # Errors
    /// With what is there.
    pub async fn see_no(&self, words: &str) -> anyhow::Result<()> {
        self.wait(&format!("no {words:?}"), async || Ok(!self.text().await?.contains(words))).await
    }

    /// Waits for a button or link of this name and clicks it.
    ///
    /// # Errors
    /// When there is none that can be clicked.
    pub async fn click(&self, name: &str) -> anyhow::Result<()> {
        self.click_below("", name).await
    }

    /// The same in the dialog that is open.
    ///
    /// # Errors
    /// When there is none that can be clicked.
    pub async fn click_in_dialog(&self, name: &str) -> anyhow::Result<()> {
        self.click_below("//dialog[@open]", name).await
    }

    async fn click_below(&self, place: &str, name: &str) -> anyhow::Result<()> {
        let by = By::XPath(format!(
            "{place}//*[self::button or self::a or self::summary]\
             [normalize-space(.)={0} or @aria-label={0} or .//*[normalize-space(.)={0}]]\
             [not(@disabled)]",
            quoted(name)
        ));
        self.wait(&format!("a button or link {name:?}"), async || {
            for element in self.driver.find_all(by.clone()).await? {
                if element.is_displayed().await? && element.is_enabled().await? {
                    // The page may have moved on meanwhile: then look again.
                    return Ok(element.click().await.is_ok());
                }
            }
            Ok(false)
        })
        .await
    }

    /// Whether there is a button or link of this name now, which may be disabled.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn offers(&self, name: &str) -> anyhow::Result<bool> {
        let by = By::XPath(format!(
            "//*[self::button or self::a][normalize-space(.)={0} or .//*[normalize-space(.)={0}]]",
            quoted(name)
        ));
        Ok(!self.driver.find_all(by).await?.is_empty())
    }

    /// Whether there is a button of this name now that can be clicked.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn permits(&self, name: &str) -> anyhow::Result<bool> {
        let by = By::XPath(format!(
            "//button[normalize-space(.)={0} or .//*[normalize-space(.)={0}]][not(@disabled)]",
            quoted(name)
        ));
        Ok(!self.driver.find_all(by).await?.is_empty())
    }

    /// Waits for what is shown once under this name, and gives it without the blanks between its
    /// characters.
    ///
    /// # Errors
    /// When it is not there to be seen.
    pub async fn shown_once(&self, label: &str) -> anyhow::Result<String> {
        let by = By::XPath(format!("//output[@aria-label={}]", quoted(label)));
        let mut shown = String::new();
        self.wait(&format!("a shown {label:?}"), async || {
            shown = self.driver.find(by.clone()).await?.text().await?;
            Ok(!shown.is_empty())
        })
        .await?;
        Ok(shown.split_whitespace().collect())
    }

    /// Runs a script in the page.
    ///
    /// # Errors
    /// When it throws.
    pub async fn script(&self, script: &str) -> anyhow::Result<serde_json::Value> {
        Ok(self.driver.execute(script, Vec::new()).await?.json().clone())
    }

    /// Runs a script that gives a promise, and waits for what it promises.
    ///
    /// # Errors
    /// When it is not kept in time.
    pub async fn promise(&self, script: &str) -> anyhow::Result<serde_json::Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1];\
             (async () => {{ {script} }})().then(done, (error) => done(`failed: ${{error}}`));"
        );
        Ok(self.driver.execute_async(script, Vec::new()).await?.json().clone())
    }

    /// Errors in the browser's console since the last call.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn console_errors(&self) -> anyhow::Result<Vec<String>> {
        let log = self.driver.browser_log().await?;
        // Asking who is logged in is answered with 401 where nobody is: that is no error.
        let errors = log
            .into_iter()
            .filter(|entry| entry.level == "SEVERE" && !entry.message.contains("401"));
        Ok(errors.map(|entry| entry.message).collect())
    }

    /// Makes the window so wide.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn resize(&self, width: u32, height: u32) -> anyhow::Result<()> {
        self.driver.set_window_rect(0, 0, width, height).await?;
        Ok(())
    }

    /// Takes a picture of the window.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn picture(&self, file: &std::path::Path) -> anyhow::Result<()> {
        Ok(self.driver.screenshot(file).await?)
    }

    /// Waits until something is so.
    ///
    /// # Errors
    /// After a while, with a picture of the page and its text.
    pub async fn wait(
        &self,
        what: &str,
        mut is_so: impl AsyncFnMut() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        // An element may go while it is looked at: that is "not yet", unless it stays so.
        while !is_so().await.unwrap_or(false) {
            if begun.elapsed() > PATIENCE {
                // A story runs in a thread of its own, which is called like it.
                let story = std::thread::current().name().unwrap_or("story").replace("::", "-");
                let picture = pictures()?.join(format!("{story}-{}.png", std::process::id()));
                self.picture(&picture).await?;
                bail!(
                    "waited for {what}; at {}; picture in {}; the page says:\n{}\nconsole: {:?}",
                    self.path().await?,
                    picture.display(),
                    self.text().await?,
                    self.console_errors().await?
                );
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Kills it without warning (SIGKILL): Chromium is in its driver's process group, and goes with
    /// it. Nothing can be done with it afterwards.
    pub(crate) fn kill(&mut self) {
        // A group that was waited for may be somebody else's by now.
        let Some(mut chromedriver) = self.chromedriver.take() else { return };
        let group = i32::try_from(chromedriver.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // It may be gone already, which is what we want.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = chromedriver.wait();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.kill();
    }
}

fn quoted(words: &str) -> String {
    format!("\"{words}\"")
}

fn pictures() -> anyhow::Result<PathBuf> {
    let folder = xtask::sh::root().join("target/e2e");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
