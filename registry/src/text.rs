//! Text that people write and others read: names, reasons, what helpers say.

use std::borrow::Cow;

/// Whether a character is not seen, or moves those beside it: with it two names that look alike
/// would be two, and a line could seem to say something else (Unicode, Default_Ignorable_Code_Point
/// and Bidi_Control, line separators, and the Braille pattern without dots).
pub(crate) fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A text as one line of what can be seen: what ends a line or stands between words is a space, and
/// what nobody sees is left out.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return text.into();
    }
    let seen = |character: char| match character {
        // A line break of two characters is one space.
        '\r' => None,
        space if space.is_whitespace() => Some(' '),
        character => (!is_unseen(character)).then_some(character),
    };
    text.chars().filter_map(seen).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_line_of_what_can_be_seen() {
        for (text, line) in [
            ("Büro 3, «links» 第一 مكتب", "Büro 3, «links» 第一 مكتب"),
            ("lost\r\nby the post\toffice", "lost by the post office"),
            ("one\u{2028}two\u{85}three", "one two three"),
            ("PIN \u{202E}detcejer\u{202C}", "PIN detcejer"),
            ("\u{200B}\u{FEFF}\u{2066}\u{E0041}\u{2800}", ""),
            ("\u{1B}[2Jgone", "[2Jgone"),
        ] {
            assert_eq!(one_line(text), line, "{text:?}");
        }
    }
}
