//! Numbers 0, 1, 2... cut into stretches, and the stretch each is in, found in constant time.
//!
//! A bit for every number says whether a stretch begins there; the ones before each word are
//! counted.

/// The cuts.
#[derive(Clone, Default)]
pub struct Starts {
    words: Vec<u64>,
    before: Vec<u32>,
    size: u32,
    count: u32,
}

impl Starts {
    /// The next numbers: the first begins a stretch or goes on with the last one, the others go on.
    pub fn push(&mut self, begins: bool, numbers: u32) {
        let first = self.size;
        self.size += numbers;
        while self.words.len() * 64 < self.size as usize {
            // Words after the first of these lie behind a start that is counted just below.
            let counted = self.words.len() * 64 > first as usize;
            self.before.push(self.count + u32::from(begins && counted));
            self.words.push(0);
        }
        if begins {
            self.words[first as usize / 64] |= 1 << (first % 64);
            self.count += 1;
        }
    }

    /// Whether a stretch begins at a number.
    pub fn begins(&self, number: u32) -> bool {
        self.words[number as usize / 64] >> (number % 64) & 1 == 1
    }

    /// The stretch that a number is in: 0, 1, 2...
    pub fn stretch(&self, number: u32) -> usize {
        let word = number as usize / 64;
        let up_to = self.words[word] & (u64::MAX >> (63 - number % 64));
        (self.before[word] + up_to.count_ones()) as usize - 1
    }
}

#[cfg(test)]
mod tests {
    use super::Starts;

    #[test]
    fn every_number_is_in_the_stretch_that_began_last() {
        let mut starts = Starts::default();
        let mut expected = Vec::new();
        for (stretch, size) in [1, 63, 1, 200, 64, 2, 500, 1, 1].into_iter().enumerate() {
            let (some, more) = (size - size / 3, size / 3);
            starts.push(true, some);
            if more > 0 {
                starts.push(false, more);
            }
            expected.extend((0..size).map(|at| (stretch, at == 0)));
        }
        for (number, &(stretch, begins)) in expected.iter().enumerate() {
            assert_eq!(starts.stretch(number as u32), stretch);
            assert_eq!(starts.begins(number as u32), begins);
        }
    }
}
