//! Lists of codes: what is stored is the code, what people see is its label.

use crate::language::Labels;

/// A list of codes with the labels of each.
#[derive(Debug, PartialEq, Eq)]
pub struct CodeList {
    /// Its name, `phase`.
    pub name: &'static str,
    /// Whether other keys than these may be written: the codes are suggestions.
    pub open: bool,
    /// The codes, in the order in which people are shown them.
    pub codes: &'static [&'static str],
    /// The labels, in the same order.
    pub labels: &'static [Labels],
}

impl CodeList {
    /// The labels of a code in the list.
    pub fn labels_of(&self, code: &str) -> Option<&Labels> {
        let at = self.codes.iter().position(|known| *known == code)?;
        self.labels.get(at)
    }

    /// All codes with their labels.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, &'static Labels)> {
        self.codes.iter().copied().zip(self.labels)
    }
}

/// A value from a list of codes. Each has a variant `Other` for codes of a newer version, and for
/// keys of people's own where the list is open.
pub trait Code: crate::record::Part + Clone + 'static {
    /// The list it is from.
    const LIST: &'static CodeList;

    /// The value of a code; `Other` for one that is not in the list.
    fn from_code(code: &str) -> Self;

    /// Its code.
    fn code(&self) -> &str;

    /// Whether it is in the list.
    fn is_known(&self) -> bool {
        Self::LIST.codes.contains(&self.code())
    }

    /// What people see in a language; the code itself when it is not in the list.
    fn label(&self, language: crate::language::Language) -> &str {
        Self::LIST.labels_of(self.code()).map_or_else(|| self.code(), |labels| labels.get(language))
    }
}

/// Whether a key that is not in an open list may be written: letters, digits and `_`, at most 60.
pub fn is_key(text: &str) -> bool {
    let fits = |c: char| c == '_' || c.is_ascii_digit() || (c.is_alphabetic() && !c.is_uppercase());
    text.starts_with(char::is_alphabetic) && text.chars().all(fits) && text.chars().count() <= 60
}

/// Declares a list of codes: `Variant = "code", "nb", "nn", "en";`. `open enum` makes it open.
macro_rules! codes {
    ($( $(#[$meta:meta])* pub enum $name:ident = $list:literal { $($entries:tt)* } )*) => {
        $( $crate::code::codes! { @list false, $(#[$meta])* $name = $list { $($entries)* } } )*
    };
    ($( $(#[$meta:meta])* pub open enum $name:ident = $list:literal { $($entries:tt)* } )*) => {
        $( $crate::code::codes! { @list true, $(#[$meta])* $name = $list { $($entries)* } } )*
    };
    (@list $open:literal, $(#[$meta:meta])* $name:ident = $list:literal {
        $( $variant:ident = $code:literal, $nb:literal, $nn:literal, $en:literal; )*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( #[doc = concat!($en, ".")] $variant, )*
            /// One that is not in the list.
            Other(String),
        }

        impl $crate::code::Code for $name {
            const LIST: &'static $crate::code::CodeList = &$crate::code::CodeList {
                name: $list,
                open: $open,
                codes: &[$($code),*],
                labels: &[$($crate::language::Labels { nb: $nb, nn: $nn, en: $en }),*],
            };

            fn from_code(code: &str) -> Self {
                match code {
                    $( $code => Self::$variant, )*
                    other => Self::Other(other.to_owned()),
                }
            }

            fn code(&self) -> &str {
                match self {
                    $( Self::$variant => $code, )*
                    Self::Other(other) => other,
                }
            }
        }

        impl $crate::record::Part for $name {
            const SHAPE: $crate::shape::Shape = $crate::shape::Shape::Register;
            const CONTENT: $crate::record::Content =
                $crate::record::Content::Code(<Self as $crate::code::Code>::LIST);

            fn read(value: &serde_json::Value, at: &mut $crate::record::Reader) -> Option<Self> {
                $crate::code::read_code(value, at)
            }

            fn write(&self) -> Option<serde_json::Value> {
                Some(serde_json::Value::String($crate::code::Code::code(self).to_owned()))
            }

            fn draw(dice: &mut $crate::record::Dice) -> Self {
                let codes = <Self as $crate::code::Code>::LIST.codes;
                $crate::code::Code::from_code(codes[dice.below(codes.len())])
            }
        }
    };
}

pub(crate) use codes;

/// Reads a code; one that is not in the list passes where the list is open or the reader tolerant.
pub(crate) fn read_code<C: Code>(value: &serde_json::Value, at: &mut crate::record::Reader) -> Option<C> {
    use crate::record::{Expected, Problem};
    let text = at.string(value, Expected::AnyCode)?.trim();
    let code = C::from_code(text);
    if code.is_known() || at.keeps_unknown_codes() {
        return Some(code);
    }
    if !C::LIST.open {
        return at.refuse_code(text, C::LIST.codes);
    }
    if is_key(text) {
        return Some(code);
    }
    at.refuse(Problem::Value, Expected::Key, value)
}
