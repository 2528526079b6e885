//! The hash chain of a village's journal: SHA-256 over a versioned, length-prefixed encoding. No surrogate key, no personal detail enters it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use crate::domain::VillageCode;
use crate::domain::journal::{Entry, Posting, StockMovement};

/// The version of the encoding, stored with every entry, so that a later encoding leaves old entries as they are.
pub const HASH_VERSION: i64 = 1;

/// 32 bytes, shown as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = from_hex(&text).and_then(|bytes| bytes.try_into().ok());
        bytes
            .map(Hash)
            .ok_or_else(|| de::Error::custom("a hash has 64 hexadecimal digits"))
    }
}

/// The bytes that hexadecimal digits write.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |one: u8| u8::try_from(char::from(one).to_digit(16)?).ok();
    let (pairs, rest) = text.as_bytes().as_chunks();
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes
        .collect::<Option<Vec<u8>>>()
        .filter(|_| rest.is_empty())
}

/// Feeds fields to the digest so that no two different lists of fields feed the same bytes.
struct Encoder(Sha256);

impl Encoder {
    fn new(purpose: &str) -> Encoder {
        Encoder(Sha256::new()).text(purpose)
    }

    fn bytes(mut self, bytes: &[u8]) -> Encoder {
        self.0
            .update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(bytes);
        self
    }

    fn text(self, text: &str) -> Encoder {
        self.bytes(text.as_bytes())
    }

    fn number(mut self, number: i64) -> Encoder {
        self.0.update(number.to_be_bytes());
        self
    }

    fn optional(self, number: Option<i64>) -> Encoder {
        match number {
            Some(number) => self.number(1).number(number),
            None => self.number(0),
        }
    }

    fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// What the first entry of a village is chained to.
pub fn genesis(village: &VillageCode) -> Hash {
    Encoder::new("jinfu genesis")
        .number(HASH_VERSION)
        .text(village.as_str())
        .finish()
}

/// Digest of a command's non-personal content (R-PK-6).
pub fn fingerprint(command_json: &str) -> Hash {
    Encoder::new("jinfu command")
        .number(HASH_VERSION)
        .text(command_json)
        .finish()
}

/// Digest of personal details with their salt.
pub fn private_digest(salt: &[u8], content: &str) -> Hash {
    Encoder::new("jinfu private")
        .bytes(salt)
        .text(content)
        .finish()
}

/// The hash of an entry, chained to the one before it. The entry's own `hash` field does not enter.
pub fn chain(previous: Hash, entry: &Entry) -> Hash {
    let decision = &entry.decision;
    let mut encoder = Encoder::new("jinfu entry")
        .number(HASH_VERSION)
        .bytes(&previous.0)
        .number(entry.seq)
        .bytes(entry.command_id.as_bytes())
        .bytes(&entry.fingerprint.0)
        .text(&entry.actor)
        .number(entry.recorded_at.as_microsecond())
        .number(decision.occurred_at.as_microsecond())
        .text(&decision.booked_on.to_string())
        .text(
            &decision
                .origin_month
                .map(|month| month.to_string())
                .unwrap_or_default(),
        )
        .optional(decision.reverses)
        .text(&entry.content)
        .bytes(
            entry
                .private_digest
                .as_ref()
                .map_or(&[], |digest| digest.0.as_slice()),
        );
    encoder = encoder.number(i64::try_from(decision.postings.len()).unwrap_or(i64::MAX));
    for posting in &decision.postings {
        encoder = encode_posting(encoder, posting);
    }
    encoder = encoder.number(i64::try_from(decision.movements.len()).unwrap_or(i64::MAX));
    for movement in &decision.movements {
        encoder = encode_movement(encoder, movement);
    }
    encoder.finish()
}

/// The seal of a month (R-PD-6): over the seal of the month before, the last entry booked in it, and the report as it is kept.
pub fn month_seal(previous: Option<Hash>, last: Option<Hash>, report: &str) -> Hash {
    let bytes = |hash: Option<Hash>| hash.map_or_else(Vec::new, |hash| hash.0.to_vec());
    Encoder::new("jinfu month")
        .number(HASH_VERSION)
        .bytes(&bytes(previous))
        .bytes(&bytes(last))
        .text(report)
        .finish()
}

/// The revision of something that people change: 32 hexadecimal digits over how it stands, another one as soon as it stands otherwise.
pub(crate) fn revision(content: &str) -> String {
    let hash = Encoder::new("jinfu revision").text(content).finish();
    hash.to_string().chars().take(32).collect()
}

/// The digits of Crockford's base 32: none that is taken for another.
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The first 40 bits of a seal in Crockford's base 32, as printed on the notice and the sign-off sheet (R-PD-6).
pub fn check_code(seal: &Hash) -> String {
    let bits = seal
        .0
        .iter()
        .take(5)
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let digit = |shift: u32| {
        let index = usize::try_from(bits.checked_shr(shift).unwrap_or(0) & 31).unwrap_or(0);
        char::from(CROCKFORD.get(index).copied().unwrap_or(b'0'))
    };
    [35, 30, 25, 20, 15, 10, 5, 0].map(digit).iter().collect()
}

fn encode_posting(encoder: Encoder, posting: &Posting) -> Encoder {
    encoder
        .text(posting.debit.account.code())
        .text(&posting.debit.subject)
        .text(posting.credit.account.code())
        .text(&posting.credit.subject)
        .number(posting.amount.fen())
        .text(posting.flow.word())
        .text(
            &posting
                .charge
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        )
}

fn encode_movement(encoder: Encoder, movement: &StockMovement) -> Encoder {
    encoder
        .text(movement.account.code())
        .text(movement.material.as_str())
        .text(
            movement
                .collector
                .as_ref()
                .map_or("", |collector| collector.as_str()),
        )
        .text(movement.direction.word())
        .text(movement.quantity.unit().word())
        .number(movement.quantity.count())
        .number(movement.value.fen())
        .text(movement.flow.word())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_fields_cannot_pass_for_each_other() {
        assert_ne!(
            Encoder::new("t").text("ab").text("c").finish(),
            Encoder::new("t").text("a").text("bc").finish()
        );
    }

    #[test]
    fn a_check_code_is_the_first_40_bits() {
        let mut seal = Hash([0xff; 32]);
        assert_eq!(check_code(&seal), "ZZZZZZZZ");
        seal.0[0..5].copy_from_slice(&[0x00, 0x44, 0x32, 0x14, 0xc7]);
        assert_eq!(check_code(&seal), "01234567");
    }

    #[test]
    fn the_genesis_of_a_village_never_changes() {
        let village = VillageCode::parse("code", "430321900001").expect("12 digits");
        let known = "54ebad7225cd52d7a1e9c1320ac609eaf483d66d11f085739bcc572ba08f5843";
        assert_eq!(genesis(&village).to_string(), known);
    }
}
