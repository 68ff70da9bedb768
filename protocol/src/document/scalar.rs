//! Values of registers as Automerge scalars.

use automerge::{ScalarValue, ScalarValueRef as Stored};
use serde_json::{Value, json};

use super::cbor;

/// The scalar that holds `value`: strings, truth values and integers as they are, objects and
/// arrays as one piece of canonical CBOR. Nothing for a float, `null` or what is nested too deep.
pub(super) fn encode(value: &Value) -> Option<ScalarValue> {
    match value {
        Value::Null => None,
        Value::Bool(b) => Some((*b).into()),
        Value::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Some(n.into()),
            (None, Some(n)) => Some(n.into()),
            (None, None) => None,
        },
        Value::String(s) => Some(s.as_str().into()),
        Value::Array(_) | Value::Object(_) => cbor::encode(value).map(Into::into),
    }
}

/// The value of a scalar; nothing when it is empty or not one of ours.
pub(super) fn decode(scalar: &Stored<'_>) -> Option<Value> {
    match scalar {
        Stored::Str(s) if s.is_empty() => None,
        Stored::Str(s) => Some(json!(s)),
        Stored::Boolean(b) => Some(json!(b)),
        Stored::Int(n) => Some(json!(n)),
        Stored::Uint(n) => Some(json!(n)),
        Stored::Bytes(bytes) => cbor::decode(bytes).filter(|value| value.is_array() || value.is_object()),
        Stored::Null
        | Stored::F64(_)
        | Stored::Counter(_)
        | Stored::Timestamp(_)
        | Stored::Unknown { .. } => None,
    }
}

/// Whether a scalar is how a cleared register may look, rather than something unknown.
pub(super) fn is_empty(scalar: &Stored<'_>) -> bool {
    match scalar {
        Stored::Null => true,
        Stored::Str(s) => s.is_empty(),
        Stored::Boolean(_)
        | Stored::Int(_)
        | Stored::Uint(_)
        | Stored::Bytes(_)
        | Stored::F64(_)
        | Stored::Counter(_)
        | Stored::Timestamp(_)
        | Stored::Unknown { .. } => false,
    }
}
