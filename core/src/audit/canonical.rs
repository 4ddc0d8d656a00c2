//! JSON in one form only, so that a hash of it means something: RFC 8785 (JCS) for what records hold.
//!
//! Records hold strings, whole numbers, booleans, arrays and objects. Of fractions RFC 8785 says much that nobody needs
//! here, so they are refused.

use serde_json::Value;

/// `value` without white space, with the members of objects sorted by their names; `None` if there is a fraction in it.
pub(super) fn canonical(value: &Value) -> Option<String> {
    let mut out = String::new();
    write(value, &mut out)?;
    Some(out)
}

fn write(value: &Value, out: &mut String) -> Option<()> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) if number.is_u64() || number.is_i64() => {
            out.push_str(&number.to_string())
        }
        Value::Number(_) => return None,
        Value::String(text) => string(text, out),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // By UTF-16 code units, section 3.2.3. Whether serde_json keeps an order depends on other crates' features.
            members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
            out.push('{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                string(name, out);
                out.push(':');
                write(member, out)?;
            }
            out.push('}');
        }
    }
    Some(())
}

/// As section 3.2.2.2 asks, which is what serde_json writes: only what must be escaped is.
fn string(text: &str, out: &mut String) {
    out.push_str(&Value::String(text.to_owned()).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form_only() {
        let value = serde_json::from_str(
            r#" { "b" : [ 1, -2, true, null ], "a" : "\u0041\n\u000f€\/" , "€": {}, "B": 10 } "#,
        )
        .unwrap();
        assert_eq!(
            canonical(&value).unwrap(),
            "{\"B\":10,\"a\":\"A\\n\\u000f€/\",\"b\":[1,-2,true,null],\"€\":{}}"
        );
        assert_eq!(canonical(&serde_json::json!({ "a": 1.5 })), None);
    }

    #[test]
    fn names_are_in_the_order_of_the_standard() {
        // The example of section 3.2.3: an emoji is before a letter of a higher code unit.
        let value =
            serde_json::json!({ "\u{fb33}": 1, "\u{1f600}": 2, "\u{20ac}": 3, "1": 4, "\r": 5 });
        assert_eq!(
            canonical(&value).unwrap(),
            "{\"\\r\":5,\"1\":4,\"€\":3,\"😀\":2,\"\u{fb33}\":1}"
        );
    }
}
