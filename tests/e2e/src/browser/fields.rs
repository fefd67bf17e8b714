use super::{Browser, quoted};
use anyhow::Context as _;
use thirtyfour::prelude::*;

/// Fields by their labels.
impl Browser {
    /// Fills in the field with this label.
    ///
    /// # Errors
    /// When there is none that takes it.
    pub async fn fill(&self, label: &str, value: &str) -> anyhow::Result<()> {
        // The page may draw the field anew meanwhile: then what was typed went with it.
        self.wait(&format!("a field {label:?} that takes what is typed"), async || {
            let Some(field) = self.seen_field(label).await? else { return Ok(false) };
            field.clear().await?;
            field.send_keys(value).await?;
            Ok(field.prop("value").await?.as_deref() == Some(value))
        })
        .await
    }

    /// Chooses an option of the drop-down with this label.
    ///
    /// # Errors
    /// When there is no such drop-down or option.
    pub async fn choose(&self, label: &str, option: &str) -> anyhow::Result<()> {
        let by = By::XPath(format!(".//option[normalize-space(.)={}]", quoted(option)));
        self.wait(&format!("an option {option:?} of {label:?}"), async || {
            let Some(select) = self.seen_field(label).await? else { return Ok(false) };
            Ok(select.find(by.clone()).await?.click().await.is_ok())
        })
        .await
    }

    /// Ticks the box whose label begins so.
    ///
    /// # Errors
    /// When there is none that can be clicked.
    pub async fn tick(&self, label: &str) -> anyhow::Result<()> {
        let by = By::XPath(format!(
            "//label[starts-with(normalize-space(.),{})]//input[@type='checkbox']",
            quoted(label)
        ));
        self.wait(&format!("a box {label:?}"), async || {
            let Ok(found) = self.driver.find(by.clone()).await else { return Ok(false) };
            Ok(found.is_selected().await?
                || (found.click().await.is_ok() && found.is_selected().await?))
        })
        .await
    }

    /// The options of the drop-down with this label.
    ///
    /// # Errors
    /// When there is no such drop-down.
    pub async fn options(&self, label: &str) -> anyhow::Result<Vec<String>> {
        let mut options = Vec::new();
        for option in self.field(label).await?.find_all(By::Tag("option")).await? {
            options.push(option.text().await?.trim().to_owned());
        }
        Ok(options)
    }

    /// What is said to be wrong with the field of this name.
    ///
    /// # Errors
    /// When there is no such field, or nothing is wrong with it.
    pub async fn see_wrong(&self, label: &str) -> anyhow::Result<String> {
        let field = self.field(label).await?;
        let is_wrong = async || Ok(field.attr("aria-invalid").await?.is_some());
        self.wait(&format!("something wrong with {label:?}"), is_wrong).await?;
        let ids = field.attr("aria-describedby").await?.context("it says what is wrong")?;
        let id = ids.split(' ').find(|id| id.ends_with("-wrong")).context("before its hint")?;
        Ok(self.driver.find(By::Id(id)).await?.text().await?)
    }

    /// The field of this label that can be seen, once there is one.
    async fn field(&self, label: &str) -> anyhow::Result<WebElement> {
        let mut seen = None;
        self.wait(&format!("a field {label:?}"), async || {
            seen = self.seen_field(label).await?;
            Ok(seen.is_some())
        })
        .await?;
        seen.context("it was there")
    }

    /// The field of this label that can be seen now: forms of closed dialogs may have it, too.
    async fn seen_field(&self, label: &str) -> anyhow::Result<Option<WebElement>> {
        let by = By::XPath(format!(
            "//label[normalize-space(text())={0} or span[normalize-space(.)={0}]]\
             //*[self::input or self::select or self::textarea]\
             | //*[@id=//label[normalize-space(.)={0}]/@for]",
            quoted(label)
        ));
        for field in self.driver.find_all(by).await? {
            if field.is_displayed().await? {
                return Ok(Some(field));
            }
        }
        Ok(None)
    }
}
