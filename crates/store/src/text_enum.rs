//! String enums: a closed set of names in a `TEXT` column.

/// The text is not one of the enum's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a {0}")]
pub struct UnknownText(
    /// The enum's name.
    pub &'static str,
);

/// Declares an enum that is stored as text.
///
/// It gets `as_str`, `ALL`, `FromStr`, [`Bind`](crate::Bind) and decoding from rows of both databases, and derives
/// `Debug`, `Clone`, `Copy`, `PartialEq`, `Eq` and `Hash`; attributes of your own are kept.
///
/// ```
/// chatty_store::text_enum! {
///     /// Who may see a post.
///     #[derive(PartialOrd, Ord)]
///     pub enum Audience {
///         /// Everybody.
///         Public = "public",
///         /// Those who follow its author.
///         Followers = "followers",
///     }
/// }
/// assert_eq!(Audience::Followers.as_str(), "followers");
/// assert_eq!("public".parse(), Ok(Audience::Public));
/// assert!("Public".parse::<Audience>().is_err());
/// ```
#[macro_export]
macro_rules! text_enum {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $visibility enum $name {
            $($(#[$variant_meta])* $variant),+
        }

        #[allow(dead_code, reason = "not every enum needs all of its conversions")]
        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored text.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownText;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::UnknownText(stringify!($name))),
                }
            }
        }

        impl $crate::Bind for $name {
            const NULL: $crate::Value = $crate::Value::Text(None);

            fn value(self) -> $crate::Value {
                $crate::Bind::value(self.as_str())
            }
        }

        impl<DB: $crate::__private::sqlx::Database> $crate::__private::sqlx::Type<DB> for $name
        where
            ::std::string::String: $crate::__private::sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <::std::string::String as $crate::__private::sqlx::Type<DB>>::type_info()
            }

            fn compatible(ty: &DB::TypeInfo) -> bool {
                <::std::string::String as $crate::__private::sqlx::Type<DB>>::compatible(ty)
            }
        }

        impl<'r, DB: $crate::__private::sqlx::Database> $crate::__private::sqlx::Decode<'r, DB> for $name
        where
            &'r str: $crate::__private::sqlx::Decode<'r, DB>,
        {
            fn decode(
                value: DB::ValueRef<'r>,
            ) -> ::std::result::Result<Self, $crate::__private::sqlx::error::BoxDynError> {
                let text = <&'r str as $crate::__private::sqlx::Decode<'r, DB>>::decode(value)?;
                Ok(text.parse::<Self>()?)
            }
        }
    };
}
