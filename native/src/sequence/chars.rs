//! What the characters are, by number: a byte each as long as all are ASCII.

/// The characters.
#[derive(Clone)]
pub enum Chars {
    Ascii(Vec<u8>),
    Wide(Vec<char>),
}

impl Default for Chars {
    fn default() -> Self {
        Chars::Ascii(Vec::new())
    }
}

impl Chars {
    fn widen(&mut self) -> &mut Vec<char> {
        if let Chars::Ascii(bytes) = self {
            *self = Chars::Wide(bytes.iter().map(|&byte| char::from(byte)).collect());
        }
        match self {
            Chars::Wide(chars) => chars,
            Chars::Ascii(_) => unreachable!("it was just made wide"),
        }
    }

    /// Add a text at the end.
    pub fn push(&mut self, text: &str) {
        match self {
            Chars::Ascii(bytes) if text.is_ascii() => bytes.extend_from_slice(text.as_bytes()),
            _ => self.widen().extend(text.chars()),
        }
    }

    /// Put a text in the place of those from `start` on.
    pub fn set(&mut self, start: u32, text: &str) {
        let start = start as usize;
        match self {
            Chars::Ascii(bytes) if text.is_ascii() => {
                bytes[start..start + text.len()].copy_from_slice(text.as_bytes());
            }
            _ => self.widen()[start..].iter_mut().zip(text.chars()).for_each(|(to, c)| *to = c),
        }
    }

    /// The text of some stretches (start, how many).
    pub fn text(&self, stretches: impl Iterator<Item = (u32, u32)>, about: usize) -> String {
        let part = |start: u32, len: u32| start as usize..(start + len) as usize;
        match self {
            Chars::Ascii(bytes) => {
                let mut out = Vec::with_capacity(about);
                for (start, len) in stretches {
                    out.extend_from_slice(&bytes[part(start, len)]);
                }
                String::from_utf8(out).expect("ASCII is UTF-8")
            }
            Chars::Wide(chars) => {
                let mut out = String::with_capacity(about);
                for (start, len) in stretches {
                    out.extend(&chars[part(start, len)]);
                }
                out
            }
        }
    }
}

/// A text that is taken piece by piece.
pub struct Pieces<'a> {
    rest: &'a str,
    ascii: bool,
    /// How many characters it has.
    pub chars: usize,
}

impl<'a> Pieces<'a> {
    /// Of a whole text.
    pub fn new(text: &'a str) -> Self {
        let ascii = text.is_ascii();
        Pieces { rest: text, ascii, chars: if ascii { text.len() } else { text.chars().count() } }
    }

    /// The next `count` characters, of which so many are left.
    pub fn take(&mut self, count: usize) -> &'a str {
        let end = if self.ascii {
            count
        } else {
            self.rest.char_indices().nth(count).map_or(self.rest.len(), |(at, _)| at)
        };
        let (piece, rest) = self.rest.split_at(end);
        self.rest = rest;
        piece
    }
}
