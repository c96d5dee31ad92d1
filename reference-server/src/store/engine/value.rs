//! Portable values: what goes into a statement and what comes out of it.

/// A value on its way into or out of a statement; a flag is 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Value<'a> {
    Null,
    Integer(i64),
    Text(&'a str),
}

/// What can be bound to a placeholder.
pub(in crate::store) trait Bind {
    fn bind(&self) -> Value<'_>;
}

impl Bind for i64 {
    fn bind(&self) -> Value<'_> {
        Value::Integer(*self)
    }
}

impl Bind for bool {
    fn bind(&self) -> Value<'_> {
        Value::Integer((*self).into())
    }
}

impl Bind for str {
    fn bind(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl Bind for String {
    fn bind(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    fn bind(&self) -> Value<'_> {
        (**self).bind()
    }
}

impl<T: Bind> Bind for Option<T> {
    fn bind(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Bind::bind)
    }
}

/// The values of a statement's placeholders, in order.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::engine::Bind::bind(&$value)),*]
    };
}
pub(in crate::store) use params;

/// What a column can be read as.
pub(in crate::store) trait Column: Sized {
    /// `None` when the value is of another kind.
    fn read(value: Value<'_>) -> Option<Self>;
}

impl Column for i64 {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(number) => Some(number),
            Value::Null | Value::Text(_) => None,
        }
    }
}

impl Column for bool {
    fn read(value: Value<'_>) -> Option<Self> {
        i64::read(value).map(|number| number != 0)
    }
}

impl Column for String {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text.to_owned()),
            Value::Null | Value::Integer(_) => None,
        }
    }
}

impl<T: Column> Column for Option<T> {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::read(value).map(Some),
        }
    }
}
