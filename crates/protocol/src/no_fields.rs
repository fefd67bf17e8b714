use serde::{Deserialize, Deserializer};

/// Reads what a variant without fields has beside its tag: nothing.
///
/// Serde itself lets unknown fields of a unit variant of an internally tagged enum pass, whatever
/// `deny_unknown_fields` says; every such variant names this as its `deserialize_with`.
pub(crate) fn no_fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    Nothing::deserialize(deserializer).map(|Nothing {}| ())
}

#[cfg(test)]
mod tests {
    use crate::helper::{HelperError, Request, Slot};
    use crate::outcome::FailureCause;
    use crate::registry::processes::Verdict;
    use serde::{Serialize, de::DeserializeOwned};

    fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: T) {
        let mut json = serde_json::to_value(&value).unwrap();
        let text = json.to_string();
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), value);
        json["more"] = 1.into();
        let error = serde_json::from_value::<T>(json).unwrap_err().to_string();
        assert!(error.contains("unknown field `more`"), "{value:?}: {error}");
    }

    #[test]
    fn a_variant_without_fields_refuses_unknown_ones() {
        check(Request::Outcomes {});
        check(Request::Hello { protocol: 1 });
        for slot in [Slot::Empty, Slot::Mute, Slot::Chip { insertion: "i1".into(), in_use: true }] {
            check(slot);
        }
        use FailureCause as C;
        for cause in [
            C::Canceled,
            C::CardRemoved,
            C::CardHung,
            C::ServiceStopped,
            C::ReaderBusy,
            C::OtherChip,
            C::Internal,
            C::Blocked { what: "PIN".to_owned() },
        ] {
            check(cause);
        }
        use HelperError as E;
        for error in [
            E::Malformed,
            E::OutOfOrder,
            E::NoSuchReader,
            E::NotInserted,
            E::JobRunning,
            E::NoSuchJob,
            E::ReaderBusy,
            E::ServiceStopped,
            E::CardHung,
            E::CardMalformed,
            E::AcknowledgementRefused,
            E::Full,
            E::Internal,
            E::Version { helper: 1 },
        ] {
            check(error);
        }
        use Verdict as V;
        for verdict in [V::Ready, V::Interrupted, V::UnknownKind, V::Contactless, V::Blocked] {
            check(verdict);
        }
    }
}
