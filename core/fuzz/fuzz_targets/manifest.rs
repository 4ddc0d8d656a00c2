//! Any bytes as a signed manifest: what is refused has an error, what is accepted is in range, and says the same when it is written
//! and read again. The bytes are signed here, so that everything behind the signature is reached.
#![no_main]

use ed25519_dalek::{Signer as _, SigningKey};
use libfuzzer_sys::fuzz_target;
use sotto_core::pack::{PublicKey, signed_bytes, verify_manifest};

fuzz_target!(|input: &[u8]| {
    let key = SigningKey::from_bytes(&[7; 32]);
    let trusted = [PublicKey::from_bytes(key.verifying_key().to_bytes())];
    let sign = |json: &[u8]| key.sign(&signed_bytes(json)).to_bytes();
    // An unsigned manifest is not looked at.
    assert!(verify_manifest(input, &[0; 64], &trusted, None).is_err());
    let Ok(verified) = verify_manifest(input, &sign(input), &trusted, None) else {
        return;
    };
    let manifest = verified.manifest();
    manifest.check().expect("it was checked");
    let again = serde_json::to_vec(manifest).expect("it can be written");
    let read = verify_manifest(&again, &sign(&again), &trusted, Some(manifest.version));
    assert_eq!(read.expect("it is good").manifest(), manifest);
});
