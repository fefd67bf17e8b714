/// Why a text is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// It is not TOML, or not of the shape that a profile has.
    #[error("line {line}, column {column}: {message}")]
    Shape {
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// A value is none that a card can have.
    #[error("{place}: {expected}")]
    Value {
        /// Where, such as `pin.length`.
        place: String,
        /// What is wanted there.
        expected: &'static str,
    },
}
