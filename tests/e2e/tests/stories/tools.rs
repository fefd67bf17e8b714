//! Tools that nobody here wrote agree about the chip: what the factory gave opens it no more, and
//! what the registry's escrow holds does.

use crate::{CARD_WITH_CHIP, at_the_wizard, at_work};
use anyhow::{Context as _, ensure};
use cardwright_e2e::Story;
use cardwright_system::{Escrowed, escrowed};
use std::io::Write as _;
use std::process::{Command, Output};

const READER: &str = "Virtual PCD 00 00";
const FACTORY_MANAGEMENT_KEY: &str = "010203040506070801020304050607080102030405060708";

#[tokio::test]
async fn other_tools_find_the_chip_as_the_registry_says() -> anyhow::Result<()> {
    let story = at_work(2).await?;
    at_the_wizard(&story).await?;
    story.browser.click("Next").await?;
    story.browser.see("is now unassigned").await?;
    let page = story.browser.text().await?;
    let Escrowed { pin, puk, management_key, guid, card_id } =
        escrowed(&story.registry_data(), CARD_WITH_CHIP).await?;

    // The objects: CHUID and CCC are there, with the GUID and card id that the registry recorded.
    let status = yubico(&story, &["-a", "status"])?;
    ensure!(status.status.success(), "yubico-piv-tool reads the chip");
    let status = String::from_utf8(status.stdout)?.to_lowercase();
    let object = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.map(str::to_owned).with_context(|| format!("{name} is there:\n{status}"))
    };
    let chuid = object("chuid:")?;
    ensure!(chuid.contains(&format!("3410{}", hex::encode(&guid))), "{chuid}");
    ensure!(chuid.contains("3019d4e739d"), "the FASC-N is non-federal: {chuid}");
    ensure!(object("ccc:")?.contains(&format!("a000000116ff02{}", hex::encode(&card_id))));
    ensure!(page.contains(&uuid(&guid)), "the page shows the GUID:\n{page}");

    // PIN and PUK: the factory's are refused, the escrow's are taken. (Changing to the same value
    // proves the PUK and changes nothing.)
    ensure!(yubico(&story, &["-a", "verify-pin", "-P", &pin])?.status.success());
    ensure!(!yubico(&story, &["-a", "verify-pin", "-P", "123456"])?.status.success());
    ensure!(yubico(&story, &["-a", "change-puk", "-P", &puk, "-N", &puk])?.status.success());
    let factory = yubico(&story, &["-a", "change-puk", "-P", "12345678", "-N", "12345678"])?;
    ensure!(!factory.status.success());

    // The management key, by OpenSC: AES-256 with ours, not with the factory's 3DES.
    ensure!(!open_sc_admin(&story, "M:9B:03", FACTORY_MANAGEMENT_KEY)?);
    ensure!(open_sc_admin(&story, "M:9B:0C", &hex::encode(management_key))?);
    Ok(())
}

/// The secrets of a virtual card in a private PC/SC service may stand in arguments: these tools
/// take them no other way.
pub(crate) fn yubico(story: &Story, arguments: &[&str]) -> anyhow::Result<Output> {
    let output = Command::new("yubico-piv-tool")
        .args(["-r", READER])
        .args(arguments)
        .env("PCSCLITE_CSOCK_NAME", story.office.csock_name())
        .output()
        .context("yubico-piv-tool is in Debian's package of that name")?;
    Ok(output)
}

fn open_sc_admin(story: &Story, how: &str, key: &str) -> anyhow::Result<bool> {
    let mut file = tempfile::NamedTempFile::new()?;
    let pairs: Vec<&str> =
        key.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or("")).collect();
    write!(file, "{}", pairs.join(":"))?;
    let output = Command::new("piv-tool")
        .args(["--reader", READER, "--admin", how])
        .env("PIV_EXT_AUTH_KEY", file.path())
        .env("PCSCLITE_CSOCK_NAME", story.office.csock_name())
        .output()
        .context("piv-tool is in Debian's package opensc")?;
    Ok(output.status.success())
}

/// RFC 9562, section 4: the text form.
fn uuid(guid: &[u8]) -> String {
    let digits = hex::encode(guid);
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    parts.join("-")
}
