//! The one place where a field is named.

/// Declares a record or a part of one: its struct, and from the types of its fields the shapes, the
/// JSON both ways, the labels and the drawing.
///
/// ```text
/// record! {
///     /// One thing learned.
///     pub item Lesson {
///         theme: Option<Theme> = "Tema", "Tema", "Theme";
///         /// More about it than its label says.
///         what: Text [since 2] = "Hva skjedde", "Kva hende", "What happened";
///     }
///     rules what_must_hold, drawn put_right
/// }
/// ```
///
/// `rules` reports what does not fit together; `drawn` puts a drawn record right.
///
/// The word before the name says what it is: `kind` (a document of its own), `item` (of a list, with
/// an `id`), `whole` (one register, replaced whole) or `group` (fields that merge each by itself).
/// The three labels are nb, nn, en.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub kind $name:ident ($kind:ident, schema $schema:literal, language $language:expr) {
            $( $(#[$about:meta])* $field:ident: $type:ty $([since $since:literal])? = $nb:literal, $nn:literal, $en:literal; )*
        }
        $(rules $rules:path, drawn $drawn:path)?
    ) => {
        $crate::record::record! { @struct
            $(#[$meta])* #[derive(Default)] $name { }
            $( $(#[$about])* $field: $type [$($since)?] = $nb, $nn, $en; )*
            [$($rules, $drawn)?]
        }

        impl $crate::record::Record for $name {
            const KIND: $crate::genesis::Kind = $crate::genesis::Kind::$kind;
            const SCHEMA: u16 = $schema;
            const RECORD: &'static [$crate::shape::Field] = $name::FIELDS;
            const ABOUT: &'static [$crate::record::About] = $name::ABOUT;
            const LANGUAGE_FIELD: Option<&'static str> = $language;

            fn parse(value: &serde_json::Value) -> Result<Self, $crate::record::Invalid> {
                let mut record = $crate::record::Reader::parse(value, |value, at| {
                    let map = at.object(value, $crate::record::Expected::Object)?;
                    Self::read_members(map, at)
                })?;
                record.schema_version.get_or_insert(u64::from(Self::SCHEMA));
                Ok(record)
            }

            fn read(value: &serde_json::Value) -> Self {
                $crate::record::Reader::tolerant(value, |value, at| {
                    Self::read_members(value.as_object()?, at)
                })
            }

            fn write(&self) -> serde_json::Map<String, serde_json::Value> {
                let mut map = serde_json::Map::new();
                self.write_members(&mut map);
                map
            }

            fn draw(dice: &mut $crate::record::Dice) -> Self {
                let mut record = Self::draw_members(dice);
                record.schema_version = Some(u64::from(Self::SCHEMA));
                record
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub item $name:ident {
            $( $(#[$about:meta])* $field:ident: $type:ty $([since $since:literal])? = $nb:literal, $nn:literal, $en:literal; )*
        }
        $(rules $rules:path, drawn $drawn:path)?
    ) => {
        $crate::record::record! { @struct
            $(#[$meta])* $name {
                /// What it is known by, whatever its position.
                id: $crate::id::ItemId
            }
            $( $(#[$about])* $field: $type [$($since)?] = $nb, $nn, $en; )*
            [$($rules, $drawn)?]
        }

        impl $name {
            /// An item with nothing in it yet.
            pub fn new(id: $crate::id::ItemId) -> Self {
                Self { id, $($field: Default::default(),)* unknown: Default::default() }
            }
        }

        impl $crate::record::Item for $name {
            const FIELDS: &'static [$crate::shape::Field] = $name::FIELDS;
            const ABOUT: &'static [$crate::record::About] = $name::ABOUT;

            fn id(&self) -> $crate::id::ItemId {
                self.id
            }

            fn read_item(
                map: &serde_json::Map<String, serde_json::Value>,
                at: &mut $crate::record::Reader,
            ) -> Option<Self> {
                Self::read_members(map, at)
            }

            fn write_item(&self) -> serde_json::Map<String, serde_json::Value> {
                let mut map = serde_json::Map::new();
                self.write_members(&mut map);
                map
            }

            fn draw_item(dice: &mut $crate::record::Dice) -> Self {
                Self::draw_members(dice)
            }
        }
    };
    (
        $(#[$meta:meta])*
        pub whole $name:ident {
            $( $(#[$about:meta])* $field:ident: $type:ty $([since $since:literal])? = $nb:literal, $nn:literal, $en:literal; )*
        }
        $(rules $rules:path, drawn $drawn:path)?
    ) => {
        $crate::record::record! { @struct
            $(#[$meta])* $name { }
            $( $(#[$about])* $field: $type [$($since)?] = $nb, $nn, $en; )*
            [$($rules, $drawn)?]
        }
        $crate::record::record! { @part $name, $crate::shape::Shape::Register, None }
    };
    (
        $(#[$meta:meta])*
        pub group $name:ident {
            $( $(#[$about:meta])* $field:ident: $type:ty $([since $since:literal])? = $nb:literal, $nn:literal, $en:literal; )*
        }
        $(rules $rules:path, drawn $drawn:path)?
    ) => {
        $crate::record::record! { @struct
            $(#[$meta])* #[derive(Default)] $name { }
            $( $(#[$about])* $field: $type [$($since)?] = $nb, $nn, $en; )*
            [$($rules, $drawn)?]
        }
        $crate::record::record! { @part $name, $crate::shape::Shape::Group($name::FIELDS), Some(Self::default()) }
    };

    (@part $name:ident, $shape:expr, $absent:expr) => {
        impl $crate::record::Part for $name {
            const SHAPE: $crate::shape::Shape = $shape;
            const CONTENT: $crate::record::Content = $crate::record::Content::Object($name::ABOUT);

            fn absent() -> Option<Self> {
                $absent
            }

            fn read(value: &serde_json::Value, at: &mut $crate::record::Reader) -> Option<Self> {
                let map = at.object(value, $crate::record::Expected::Object)?;
                Self::read_members(map, at)
            }

            fn write(&self) -> Option<serde_json::Value> {
                let mut map = serde_json::Map::new();
                self.write_members(&mut map);
                (!map.is_empty()).then_some(serde_json::Value::Object(map))
            }

            fn draw(dice: &mut $crate::record::Dice) -> Self {
                Self::draw_members(dice)
            }
        }
    };

    (@struct
        $(#[$meta:meta])* $name:ident { $( $(#[$id_about:meta])* $id:ident: $id_type:ty )? }
        $( $(#[$about:meta])* $field:ident: $type:ty [$($since:literal)?] = $nb:literal, $nn:literal, $en:literal; )*
        [$($rules:path, $drawn:path)?]
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$id_about])* pub $id: $id_type, )?
            $(
                #[doc = concat!($en, ".")]
                $(#[doc = ""] #[$about])*
                pub $field: $type,
            )*
            /// What this version could not read, written again untouched.
            pub unknown: $crate::record::Unknown,
        }

        impl $name {
            /// Its fields and how each is held, in the order in which they are written.
            pub const FIELDS: &'static [$crate::shape::Field] = &{
                const ABOUT: &[$crate::record::About] = $name::ABOUT;
                let mut fields = [ABOUT[0].field(); ABOUT.len()];
                let mut at = 0;
                while at < ABOUT.len() {
                    fields[at] = ABOUT[at].field();
                    at += 1;
                }
                fields
            };

            /// Its fields as people meet them.
            pub const ABOUT: &'static [$crate::record::About] = &[$(
                $crate::record::About {
                    name: $crate::record::plain_name(stringify!($field)),
                    labels: $crate::language::Labels { nb: $nb, nn: $nn, en: $en },
                    content: <$type as $crate::record::Part>::CONTENT,
                    shape: <$type as $crate::record::Part>::SHAPE,
                    since: $crate::record::since(&[$($since)?]),
                },
            )*];

            fn read_members(
                map: &serde_json::Map<String, serde_json::Value>,
                at: &mut $crate::record::Reader,
            ) -> Option<Self> {
                let known = Self::ABOUT.iter().map(|field| field.name);
                let mut unknown = at.unknown_fields(map, [$(stringify!($id),)?].into_iter().chain(known));
                // Every field is read before any may end it, so that every fault is found.
                $( let $id: Option<$id_type> = at.field(map, stringify!($id), &mut unknown); )?
                $( let $field: Option<$type> =
                    at.field(map, $crate::record::plain_name(stringify!($field)), &mut unknown); )*
                let record = Self { $($id: $id?,)? $($field: $field?,)* unknown };
                $( $rules(&record, at); )?
                Some(record)
            }

            fn write_members(&self, map: &mut serde_json::Map<String, serde_json::Value>) {
                $( map.insert(stringify!($id).to_owned(), serde_json::Value::String(self.$id.to_string())); )?
                $(
                    if let Some(value) = $crate::record::Part::write(&self.$field) {
                        map.insert($crate::record::plain_name(stringify!($field)).to_owned(), value);
                    }
                )*
                self.unknown.write_into(map);
            }

            fn draw_members(dice: &mut $crate::record::Dice) -> Self {
                #[allow(unused_mut, reason = "only a record with rules is put right")]
                let mut record = Self {
                    $($id: $crate::record::Part::draw(dice),)?
                    $($field: $crate::record::Part::draw(dice),)*
                    unknown: $crate::record::Unknown::default(),
                };
                $( $drawn(&mut record); )?
                record
            }
        }
    };
}

pub(crate) use record;

/// The name of a field whose Rust name may be a reserved word: `r#type` is `type`.
pub(crate) const fn plain_name(name: &'static str) -> &'static str {
    let bytes = name.as_bytes();
    if bytes.len() > 2 && bytes[0] == b'r' && bytes[1] == b'#' { name.split_at(2).1 } else { name }
}

/// The schema version that brought a field: the first, unless it says another.
pub(crate) const fn since(said: &[u16]) -> u16 {
    if said.is_empty() { 1 } else { said[0] }
}
