//! The refusals, each with a name that is counted and a sentence that is shown.

/// Declares the refusals once: variant, sentence.
macro_rules! refusals {
    ($($variant:ident => $sentence:literal,)*) => {
        /// Why a chunk was refused. Each is counted by its [`name`](Self::name).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
        pub enum ScanError {
            $(
                #[doc = concat!("Refused: ", $sentence, ".")]
                #[error($sentence)]
                $variant,
            )*
        }

        impl ScanError {
            /// Every refusal there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name it is counted by; does not change once it has been counted.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }
    };
}

refusals! {
    // The chunk.
    ChunkTooLarge => "the chunk is larger than 1 MiB",
    Truncated => "the bytes end before what they announce",
    Magic => "the chunk does not begin with Automerge's magic bytes",
    ChunkType => "the chunk is not an uncompressed change",
    Tail => "bytes follow the chunk",
    Checksum => "the checksum does not match the contents",
    NumberTooLarge => "a number has more than 64 bits",
    NumberNotShortest => "a number is written with more bytes than it needs",
    // The header.
    TooManyDependencies => "the change rests on too many others",
    DependenciesNotAscending => "the dependencies are not strictly ascending",
    ActorLength => "an actor is not 16 bytes long",
    SequenceZero => "the sequence number is zero",
    SequenceTooLarge => "the sequence number does not fit 32 bits",
    SequenceWithoutDependency => "the change is not its actor's first and rests on nothing",
    StartZero => "the first operation has counter zero",
    CounterTooLarge => "an operation's counter does not fit 32 bits",
    TimeOutOfRange => "the time is out of range",
    MessageTooLong => "the message is too long",
    MessageNotText => "the message is not UTF-8",
    TooManyActors => "the change names too many other actors",
    ActorsNotAscending => "the other actors are not strictly ascending, or hold the writer",
    ActorUnused => "an actor is listed and not referred to",
    // The column table.
    TooManyColumns => "there are more columns than kinds of column",
    ColumnsNotAscending => "the columns are not strictly ascending",
    ColumnCompressed => "a column is compressed",
    UnknownColumn => "a column of an unknown kind",
    ColumnEmpty => "a column without data is listed",
    ColumnMissing => "a column is missing that every operation has a value in",
    ColumnNeedless => "a column is listed that holds nothing but its default",
    ExtraBytes => "bytes follow the last column",
    // The runs in the columns.
    RunNotCanonical => "a run could be joined with its neighbour or written shorter",
    ColumnTooShort => "a column has fewer values than there are operations",
    ColumnTooLong => "a column has more values than there are operations",
    ValueMissing => "an operation has no value in a column that needs one",
    NotText => "a key, a mark's name or a text is not UTF-8",
    NamesTooLarge => "keys and mark names are too large, repeated for each operation",
    DeltaOutOfRange => "a counter leaves 32 bits when differences are added up",
    // The operations.
    TooManyOperations => "the change holds too many operations",
    UnknownAction => "an operation has an unknown action",
    ActorIndex => "an operation refers to an actor that is not listed",
    ObjectHalf => "an object is named by half an id",
    ObjectZero => "an object has counter zero",
    KeyForm => "an operation has not exactly one of key and element",
    FutureReference => "an operation refers to one that comes later",
    DanglingReference => "an operation refers to an earlier change and the change rests on none",
    ObjectKind => "a key in a sequence, or an element in a map",
    ObjectNotMade => "an object is named by an operation that makes none",
    ElementNotInserted => "an element is named by an operation that did not insert it there",
    ElementHead => "something other than an insertion at the head of a sequence",
    InsertWithKey => "an insertion under a key",
    InsertWithPredecessor => "an insertion that replaces something",
    InsertAction => "an action that cannot be inserted, or one that must be and is not",
    TooManyPredecessors => "the operations replace too many values",
    PredecessorsNotAscending => "an operation's predecessors are not strictly ascending",
    PredecessorElsewhere => "a predecessor stands at another place or holds no value",
    PredecessorMissing => "a delete or an increment without a predecessor",
    ValueForAction => "an operation has a value that its action cannot have",
    ValueKind => "a value of an unknown kind",
    ValueForm => "a value's bytes do not fit its kind",
    ValueLength => "the values' lengths do not add up to their column",
    MarkForm => "a mark's name or expansion on something else, or a mark without its end",
}
