use super::Browser;
use anyhow::ensure;
use thirtyfour::prelude::*;

/// More than any page has to go through.
const MANY: usize = 80;

/// What a person without a mouse does.
impl Browser {
    /// Types where the focus is.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn press(&self, text: &str) -> anyhow::Result<()> {
        Ok(self.driver.action_chain().send_keys(text).perform().await?)
    }

    /// Presses Enter.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn press_enter(&self) -> anyhow::Result<()> {
        Ok(self.driver.action_chain().send_keys(Key::Enter).perform().await?)
    }

    /// Presses Tab until the focus is on what is called so. Wherever it comes by, it can be seen.
    ///
    /// # Errors
    /// When it never comes there, or cannot be seen on its way.
    pub async fn tab_to(&self, name: &str) -> anyhow::Result<()> {
        let mut way = Vec::new();
        for _ in 0..MANY {
            self.driver.action_chain().send_keys(Key::Tab).perform().await?;
            let focused = self.focused().await?;
            // A heading that a page begins with may take the focus once more, and shows none.
            let script = "const style = getComputedStyle(document.activeElement);\
                          return document.activeElement.tabIndex < 0\
                          || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2";
            let is_seen = self.script(script).await?.as_bool() == Some(true);
            ensure!(is_seen, "the focus on {focused:?} cannot be seen");
            if focused == name {
                return Ok(());
            }
            way.push(focused);
        }
        anyhow::bail!("Tab never comes to {name:?}, but to {way:?}")
    }

    /// Name of what has the focus.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn focused(&self) -> anyhow::Result<String> {
        let script = "const it = document.activeElement;\
                      const label = it.labels?.[0]?.firstChild.textContent;\
                      return (it.ariaLabel ?? label ?? it.innerText.split('\\n')[0]).trim()";
        Ok(self.script(script).await?.as_str().unwrap_or_default().to_owned())
    }
}
