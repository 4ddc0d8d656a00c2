//! `sotto-bindgen IN.wasm OUT_DIR OUT_NAME`: writes `OUT_NAME.js`, `OUT_NAME.d.ts` and `OUT_NAME_bg.wasm` for `--target web`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [input, out_dir, out_name] = args.as_slice() else {
        eprintln!("usage: sotto-bindgen IN.wasm OUT_DIR OUT_NAME");
        return ExitCode::from(2);
    };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    let result = bindgen
        .input_path(input)
        .out_name(out_name)
        .typescript(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(out_dir));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sotto-bindgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}
