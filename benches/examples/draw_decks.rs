//! Draws decks of one problem and prints a checksum, for counting instructions where time is too noisy.
//!
//! `valgrind --tool=callgrind target/release/examples/draw_decks PARTS TOTAL MIN MAX DECKS`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use reward_core::{Fen, PacketBounds, Split as _, SplitSpec, Uniform, WordStream};

fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()?;
    let &[parts, total, min, max, decks] = numbers.as_slice() else {
        return Err("five numbers: parts, total, least, greatest, decks".into());
    };
    let bounds = PacketBounds::new(Fen::new(min), Fen::new(max))?;
    let spec = SplitSpec::new(u32::try_from(parts)?, Fen::new(total), bounds)?;
    let law = Uniform::new(spec);
    let mut words = WordStream::new([7; 32]);
    let checksum = (0..decks)
        .flat_map(|_| law.draw(&mut words))
        .fold(0, |folded, amount| folded ^ amount.get());
    println!("{:?} {checksum}", law.engine());
    Ok(())
}
