//! Passwords, keys and tokens: private keys, the prefixes of known services, what an assignment calls secret, and strings
//! that look drawn at random.

mod assignment;
mod pem;
mod prefixes;
mod random;

use super::Finding;
use super::scan::Scan;

/// All secrets of the text.
pub(super) fn find(scan: &Scan<'_>, found: &mut Vec<Finding>) {
    pem::find(scan.text, found);
    prefixes::find(scan, found);
    assignment::find(scan, found);
    random::find(scan, found);
}
