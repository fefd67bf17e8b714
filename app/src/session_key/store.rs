//! The one record of this origin's IndexedDB. It holds a key that the browser does not let out,
//! and its public half as text; nothing else of this program is stored there.

use super::SessionKey;
use leptos::prelude::window;
use wasm_bindgen_futures::JsFuture;
use web_sys::js_sys::{Object, Promise, Reflect};
use web_sys::wasm_bindgen::closure::Closure;
use web_sys::wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    CryptoKey, IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

/// Name of database and object store.
const NAME: &str = "cardwright-session";

/// Key of the record.
const RECORD: &str = "key";

/// Names of the two fields of the record.
const FIELDS: (&str, &str) = ("private", "public");

/// Open as long as it is used.
struct Database(IdbDatabase);

impl Drop for Database {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The key that is kept, if any.
///
/// # Errors
/// This browser keeps nothing, as in some private windows.
pub(super) async fn load() -> Result<Option<SessionKey>, JsValue> {
    let database = open().await?;
    let store = transaction(&database, IdbTransactionMode::Readonly)?.object_store(NAME)?;
    let record = done(&store.get(&RECORD.into())?).await?;
    if record.is_undefined() {
        return Ok(None);
    }
    let private = Reflect::get(&record, &FIELDS.0.into())?.dyn_into::<CryptoKey>()?;
    let public = Reflect::get(&record, &FIELDS.1.into())?.as_string().ok_or(JsValue::UNDEFINED)?;
    Ok(Some(SessionKey { private, public }))
}

/// Keeps a key, in the place of the one before.
///
/// # Errors
/// As in [`load`].
pub(super) async fn save(key: &SessionKey) -> Result<(), JsValue> {
    let record = Object::new();
    Reflect::set(&record, &FIELDS.0.into(), &key.private)?;
    Reflect::set(&record, &FIELDS.1.into(), &key.public.as_str().into())?;
    change(|store| store.put_with_key(&record, &RECORD.into())).await
}

/// Removes the key.
///
/// # Errors
/// As in [`load`].
pub(super) async fn remove() -> Result<(), JsValue> {
    change(|store| store.delete(&RECORD.into())).await
}

async fn change(
    change: impl FnOnce(&IdbObjectStore) -> Result<IdbRequest, JsValue>,
) -> Result<(), JsValue> {
    let database = open().await?;
    let transaction = transaction(&database, IdbTransactionMode::Readwrite)?;
    change(&transaction.object_store(NAME)?)?;
    let committed = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(committed).await.map(drop)
}

fn transaction(database: &Database, mode: IdbTransactionMode) -> Result<IdbTransaction, JsValue> {
    database.0.transaction_with_str_and_mode(NAME, mode)
}

async fn open() -> Result<Database, JsValue> {
    let factory = window().indexed_db()?.ok_or(JsValue::UNDEFINED)?;
    let request: IdbOpenDbRequest = factory.open(NAME)?;
    let opening = request.clone();
    let make = Closure::once(move || {
        let database = opening.result()?.dyn_into::<IdbDatabase>()?;
        database.create_object_store(NAME).map(drop)
    });
    request.set_onupgradeneeded(Some(make.as_ref().unchecked_ref()));
    done(&request).await?.dyn_into().map(Database)
}

/// What a request comes to.
async fn done(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let settled = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(settled).await?;
    request.result()
}
