//! A person at the registry, without a browser.

use super::process::Registry;
use anyhow::{Context as _, ensure};
use cardwright_protocol::registry::audit::AuditPage;
use cardwright_protocol::registry::session::Login;
use cardwright_seal::{SigningKey, authorization};
use reqwest::{Method, Response, header};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

/// Somebody who is logged in.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    address: String,
    key: SigningKey,
}

impl Client {
    /// Logs in as the admin.
    pub(crate) async fn log_in(registry: &Registry) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let address = registry.address.clone();
        let client = Self { http, address, key: SigningKey::generate() };
        let login = Login { name: "admin".to_owned(), password: registry.password.as_str().into() };
        client.send(Method::POST, "/session", serde_json::to_string(&login)?).await?;
        Ok(client)
    }

    /// Reads all of an answer.
    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<String> {
        Ok(self.send(Method::GET, path, String::new()).await?.text().await?)
    }

    /// How many events a search finds.
    pub(crate) async fn search(&self, query: &str) -> anyhow::Result<u64> {
        let query = query.trim_start_matches('&');
        let page: AuditPage = serde_json::from_str(&self.get(&format!("/audit?{query}")).await?)?;
        Ok(page.total)
    }

    /// Writes an answer into a file; when its first bytes came.
    pub(crate) async fn save(&self, path: &str, file: &Path) -> anyhow::Result<Instant> {
        let mut answer = self.send(Method::GET, path, String::new()).await?;
        let mut file = File::create(file)?;
        let mut first = None;
        while let Some(piece) = answer.chunk().await? {
            first.get_or_insert_with(Instant::now);
            file.write_all(&piece)?;
        }
        first.context("it is not empty")
    }

    async fn send(&self, method: Method, path: &str, body: String) -> anyhow::Result<Response> {
        let target = format!("/api/v1{path}");
        let proof = authorization(&self.key, method.as_str(), &target, body.as_bytes());
        let request = self
            .http
            .request(method, format!("{}{target}", self.address))
            .header(header::ORIGIN, &self.address)
            .header(header::AUTHORIZATION, proof)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        let answer = request.send().await?;
        ensure!(answer.status().is_success(), "{path}: {}", answer.status());
        Ok(answer)
    }
}
