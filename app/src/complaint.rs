//! What is wrong with a form, and at which field.

use crate::trouble::RegistryError;

/// Why a form was not taken, by the page itself or by the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    field: Option<String>,
    message: String,
    advice: &'static str,
}

impl Complaint {
    /// A field is wrong.
    pub(crate) fn at(field: &str, message: &str) -> Self {
        Self { field: Some(field.to_owned()), message: message.to_owned(), advice: "" }
    }

    /// What is said at a field, where it is that one.
    pub(crate) fn of_field(&self, field: &str) -> Option<String> {
        (self.field.as_deref() == Some(field)).then(|| self.message.clone())
    }

    /// What is said of the form and what to do about it, where it is none of its fields.
    pub(crate) fn of_form(&self, fields: &[&str]) -> Option<(String, &'static str)> {
        let elsewhere = self.field.as_deref().is_none_or(|field| !fields.contains(&field));
        elsewhere.then(|| (self.message.clone(), self.advice))
    }
}

impl From<RegistryError> for Complaint {
    fn from(error: RegistryError) -> Self {
        let (message, advice) = (error.to_string(), error.advice());
        let field = match error {
            RegistryError::Problem(problem) => problem.field,
            _ => None,
        };
        Self { field, message, advice }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::registry::problem::{Problem, ProblemCode};

    #[test]
    fn a_complaint_stands_at_its_field_or_above_the_form() {
        let problem = |field: Option<&str>| {
            Complaint::from(RegistryError::Problem(Problem {
                code: ProblemCode::Invalid,
                message: "No.".into(),
                field: field.map(str::to_owned),
            }))
        };
        let above = Some(("No.".to_owned(), ""));
        let fields = ["name", "role"];
        for (field, at_name, at_form) in [
            (Some("name"), Some("No.".to_owned()), None),
            (Some("role"), None, None),
            (Some("unknown"), None, above.clone()),
            (None, None, above),
        ] {
            let complaint = problem(field);
            assert_eq!(complaint.of_field("name"), at_name, "{field:?}");
            assert_eq!(complaint.of_form(&fields), at_form, "{field:?}");
        }
        assert!(Complaint::from(RegistryError::Unreachable).of_form(&fields).is_some());
    }
}
