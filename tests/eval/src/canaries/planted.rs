//! The canaries. All invented: numbers that are reserved for examples or fail their own check, addresses under example
//! domains, people who do not exist.

/// A sentence with a secret.
pub(crate) struct Canary {
    pub(crate) kind: &'static str,
    pub(crate) sentence: &'static str,
    pub(crate) secret: &'static str,
}

const fn canary(kind: &'static str, sentence: &'static str, secret: &'static str) -> Canary {
    Canary {
        kind,
        sentence,
        secret,
    }
}

pub(crate) const CANARIES: &[Canary] = &[
    canary(
        "email",
        "You can always write to marta.wolny@example.org about the garden.",
        "marta.wolny@example.org",
    ),
    canary(
        "email",
        "Please send the signed papers to tobiashelmer@example.com before noon.",
        "tobiashelmer@example.com",
    ),
    canary(
        "email",
        "Her new address is quinn_ferraro88@mail.example and it works.",
        "quinn_ferraro88@mail.example",
    ),
    canary(
        "email",
        "For the keys ask caretaker-northgate@example.net in the morning.",
        "caretaker-northgate@example.net",
    ),
    canary(
        "phone",
        "If it rains call Odette on 020 7946 0771 and we meet inside.",
        "020 7946 0771",
    ),
    canary(
        "phone",
        "The plumber's number is +1 202 555 0143 and he is kind.",
        "+1 202 555 0143",
    ),
    canary(
        "phone",
        "Ring the old farm at 555-0186 after dark.",
        "555-0186",
    ),
    canary(
        "phone",
        "Text me at (613) 555-0170 when the boat is in.",
        "(613) 555-0170",
    ),
    canary(
        "phone",
        "Grandmother's phone number is 1632 960983 as always.",
        "1632 960983",
    ),
    canary(
        "card",
        "We paid with the card 4929 0717 2385 6604 in the harbour shop.",
        "4929 0717 2385 6604",
    ),
    canary(
        "card",
        "My card number is 5301-2250-8876-1143 if you need it.",
        "5301-2250-8876-1143",
    ),
    canary(
        "card",
        "Put it on the company card ending in 377412 please.",
        "377412",
    ),
    canary(
        "card",
        "The security code on the back is 738 I think.",
        "738",
    ),
    canary(
        "bank",
        "Transfer the rent to GB12 WEST 1234 5698 7654 31 on Friday.",
        "GB12 WEST 1234 5698 7654 31",
    ),
    canary(
        "bank",
        "Our IBAN is DE02 1203 0000 0000 2020 51 and has not changed.",
        "DE02 1203 0000 0000 2020 51",
    ),
    canary(
        "bank",
        "The account number is 00731894 with the small bank.",
        "00731894",
    ),
    canary(
        "identity",
        "His social security number is 987-65-4329 on that form.",
        "987-65-4329",
    ),
    canary(
        "identity",
        "Her passport number is X4RTBPFW46 and it expires soon.",
        "X4RTBPFW46",
    ),
    canary(
        "identity",
        "My driving licence is WOLNY 908134 ML9 from the old office.",
        "WOLNY 908134 ML9",
    ),
    canary(
        "identity",
        "The insurance number is QQ 12 34 56 C for my brother.",
        "QQ 12 34 56 C",
    ),
    canary(
        "identity",
        "Lucian was born on 14 August 1983 in a small town.",
        "14 August 1983",
    ),
    canary(
        "identity",
        "My date of birth is 03/11/1967 for the record.",
        "03/11/1967",
    ),
    canary(
        "identity",
        "Their number plate is KX57 ZZB and the car is red.",
        "KX57 ZZB",
    ),
    canary(
        "secret",
        "The alarm's PIN is 4921 and the dog is friendly.",
        "4921",
    ),
    canary(
        "secret",
        "The wifi password is plum-tractor-seven in the guest house.",
        "plum-tractor-seven",
    ),
    canary(
        "secret",
        "My password: gooseberry77 works for both.",
        "gooseberry77",
    ),
    canary(
        "secret",
        "The access code is 70316 for the side gate.",
        "70316",
    ),
    canary(
        "secret",
        "Use the API key sk-live-d41d8cd98f00b204 for the test.",
        "sk-live-d41d8cd98f00b204",
    ),
    canary(
        "secret",
        "Our recovery code is 8842-1190 so keep it safe.",
        "8842-1190",
    ),
    canary(
        "secret",
        "The token is eyJhbGciOiJIUzI1 for today only.",
        "eyJhbGciOiJIUzI1",
    ),
    canary(
        "link",
        "The form is at https://intranet.example/forms?id=99172 for everyone.",
        "https://intranet.example/forms?id=99172",
    ),
    canary(
        "link",
        "Have a look at www.ferraro-family.example for the pictures.",
        "www.ferraro-family.example",
    ),
    canary(
        "address",
        "The server answers at 198.51.100.73 from the office.",
        "198.51.100.73",
    ),
];
