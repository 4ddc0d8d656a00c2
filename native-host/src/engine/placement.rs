//! On which execution provider each operator runs, as ONNX Runtime says: the proof that nothing fell back silently.

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char};
use std::fmt;
use std::ptr;

use ort::AsPointer as _;
use ort::session::Session;

use super::EngineError;

/// Session option that makes ONNX Runtime keep the assignment.
pub(crate) const RECORD: (&str, &str) = ("session.record_ep_graph_assignment_info", "1");

/// Session option that makes an operator which the chosen provider cannot run an error.
pub(crate) const NO_FALLBACK: (&str, &str) = ("session.disable_cpu_ep_fallback", "1");

/// Number of operators by execution provider and operator type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement(BTreeMap<(String, String), usize>);

impl Placement {
    /// Reads the assignment of a session that was built with [`RECORD`].
    #[expect(
        unsafe_code,
        reason = "ort has no safe function for this part of the C API"
    )]
    pub(crate) fn of(session: &Session) -> Result<Self, EngineError> {
        let api = ort::api();
        let mut subgraphs = ptr::null();
        let mut subgraph_count = 0;
        let mut counts = BTreeMap::new();
        // SAFETY: the session is alive, and so is everything that it hands out here; ONNX Runtime writes each out-pointer
        // before it reports success, arrays have the length that it gives with them, names end with a zero byte.
        unsafe {
            check((api.Session_GetEpGraphAssignmentInfo)(
                session.ptr(),
                &mut subgraphs,
                &mut subgraph_count,
            ))?;
            for index in 0..subgraph_count {
                let subgraph = *subgraphs.add(index);
                let mut provider = ptr::null();
                check((api.EpAssignedSubgraph_GetEpName)(subgraph, &mut provider))?;
                let mut nodes = ptr::null();
                let mut node_count = 0;
                check((api.EpAssignedSubgraph_GetNodes)(
                    subgraph,
                    &mut nodes,
                    &mut node_count,
                ))?;
                for index in 0..node_count {
                    let mut operator = ptr::null();
                    check((api.EpAssignedNode_GetOperatorType)(
                        *nodes.add(index),
                        &mut operator,
                    ))?;
                    *counts.entry((text(provider), text(operator))).or_insert(0) += 1;
                }
            }
        }
        Ok(Self(counts))
    }

    /// From provider, operator and number, as [`Self::counts`] gave them.
    pub(crate) fn from_counts(counts: Vec<(String, String, usize)>) -> Self {
        let place = |(provider, operator, count)| ((provider, operator), count);
        Self(counts.into_iter().map(place).collect())
    }

    /// To keep it.
    pub(crate) fn counts(&self) -> Vec<(String, String, usize)> {
        self.by_operator()
            .map(|(provider, operator, count)| (provider.to_owned(), operator.to_owned(), count))
            .collect()
    }

    /// This one and another session's.
    pub(crate) fn and(mut self, other: Self) -> Self {
        for (place, count) in other.0 {
            *self.0.entry(place).or_insert(0) += count;
        }
        self
    }

    /// Operators that a provider runs.
    pub fn nodes_on(&self, provider: &str) -> usize {
        self.0
            .iter()
            .filter(|((name, _), _)| name == provider)
            .map(|(_, count)| count)
            .sum()
    }

    /// Whether `provider` runs every operator. A record without any proves nothing.
    pub(crate) fn is_all_on(&self, provider: &str) -> bool {
        let nodes = self.nodes();
        nodes > 0 && self.nodes_on(provider) == nodes
    }

    /// Operators in all.
    pub fn nodes(&self) -> usize {
        self.0.values().sum()
    }

    /// Provider, operator type and number, in alphabetical order.
    pub fn by_operator(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.0
            .iter()
            .map(|((provider, operator), &count)| (provider.as_str(), operator.as_str(), count))
    }
}

/// One sentence for people.
impl fmt::Display for Placement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut providers: Vec<&str> = self.0.keys().map(|(provider, _)| &**provider).collect();
        providers.dedup();
        match providers[..] {
            [] => formatter.write_str("Where the operators run is not known."),
            [only] => write!(formatter, "All {} operators run on {only}.", self.nodes()),
            _ => {
                let counts: Vec<String> = providers
                    .iter()
                    .map(|provider| format!("{} on {provider}", self.nodes_on(provider)))
                    .collect();
                write!(formatter, "Operators run: {}.", counts.join(", "))
            }
        }
    }
}

#[expect(unsafe_code, reason = "see Placement::of")]
fn text(name: *const c_char) -> String {
    if name.is_null() {
        return String::new();
    }
    // SAFETY: not null, and ONNX Runtime's names end with a zero byte.
    unsafe { CStr::from_ptr(name) }
        .to_string_lossy()
        .into_owned()
}

#[expect(unsafe_code, reason = "see Placement::of")]
fn check(status: ort::sys::OrtStatusPtr) -> Result<(), EngineError> {
    // SAFETY: a status comes straight from a call, and is given away exactly once.
    unsafe { ort::Error::result_from_status(status) }
        .map_err(EngineError::ort("reading the placement"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placement(counts: &[(&str, &str, usize)]) -> Placement {
        let place = |&(provider, operator, count): &(&str, &str, usize)| {
            ((provider.to_owned(), operator.to_owned()), count)
        };
        Placement(counts.iter().map(place).collect())
    }

    #[test]
    fn only_a_record_of_every_operator_proves_something() {
        let npu = placement(&[("Npu", "Gemm", 3), ("Npu", "Mul", 2)]);
        assert!(npu.is_all_on("Npu") && !npu.is_all_on("Cpu"));
        assert!(!npu.and(placement(&[("Cpu", "Mul", 1)])).is_all_on("Npu"));
        assert!(!Placement::default().is_all_on("Npu"));
    }

    #[test]
    fn it_is_told_in_a_sentence() {
        let npu = placement(&[("Npu", "Gemm", 3), ("Npu", "Mul", 2)]);
        assert_eq!(npu.to_string(), "All 5 operators run on Npu.");
        let both = npu.and(placement(&[("Cpu", "Gemm", 1), ("Npu", "Mul", 1)]));
        assert_eq!(both.to_string(), "Operators run: 1 on Cpu, 6 on Npu.");
        assert_eq!((both.nodes(), both.nodes_on("Npu")), (7, 6));
        assert!(Placement::default().to_string().contains("not known"));
    }
}
