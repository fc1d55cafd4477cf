//! Random bytes from the cryptographic library, whose generator the system seeds.

use chatty_kit::Fault;

/// `N` bytes that nobody can guess.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(Fault::internal)?;
    Ok(bytes)
}
