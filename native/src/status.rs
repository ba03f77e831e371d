//! One status byte per row: what a kernel says of bad data.
//!
//! **Law:** the numbers are those of `tallystick/kernels/status.py`, name by name; a test compares
//! the two lists through [`NAMES`]. They never reach a file or a peer, where codes are text.

/// Writes each constant and the table of all of them from one list, so that neither can lag.
macro_rules! statuses {
    ($($name:ident = $number:literal,)*) => {
        $(#[doc = concat!("Status ", stringify!($number), ".")] pub const $name: u8 = $number;)*
        /// Every status by name, as Python sees it in `STATUSES`.
        pub const NAMES: &[(&str, u8)] = &[$((stringify!($name), $number)),*];
    };
}

statuses! {
    OK = 0,
    TRUNCATED = 1,
    TRAILING = 2,
    NOT_SHORTEST = 3,
    INDEFINITE = 4,
    KEYS_UNSORTED = 5,
    KEY_DUPLICATE = 6,
    KEY_NOT_TEXT = 7,
    NOT_UTF8 = 8,
    TOO_DEEP = 9,
    INT_RANGE = 10,
    FLOAT = 11,
    BAD_LINK = 12,
    BAD_TYPE = 13,
    UNENCODABLE = 14,
    SHAPE = 20,
    VERSION = 21,
    TOO_LARGE = 22,
    KIND = 23,
    UINT_RANGE = 24,
    GENESIS = 25,
    PREV = 26,
    DEPS = 27,
    AUTHOR_KEY = 28,
    OTHER_LOG = 29,
    BODY_MISMATCH = 30,
    CHAIN_AUTHOR = 31,
    CHAIN_SEQ = 32,
    CHAIN_LINK = 33,
    TOO_MANY = 34,
    SIGNATURE = 35,
    PROOF = 36,
    FRAME = 37,
}
