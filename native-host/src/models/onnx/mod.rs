//! What an import must know of an ONNX file: its inputs and outputs, its operators, and where its weights are.
//! Nothing is run here, and of the weights nothing is read.

mod graph;
mod messages;
mod relocate;

#[cfg(test)]
pub(crate) mod test_graphs;

pub(crate) use graph::{Dimension, GraphFile, Port, operators_of};
pub(crate) use relocate::relocated;
