//! Templates as the model families write them (shortened where tools come in), and hostile ones.

use super::*;

const SMOLLM2: &str = "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const LLAMA3: &str = r#"{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\n\n" }}
{{- "Today Date: " + date_string + "\n\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
{%- endif %}
"#;

const QWEN3: &str = r#"{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\n' + messages[0].content + '<|im_end|>\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content %}
        {%- if '</think>' in content %}
            {%- set content = content.split('</think>')[-1].lstrip('\n') %}
        {%- endif %}
        {{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\n\n</think>\n\n' }}
    {%- endif %}
{%- endif %}"#;

const MISTRAL: &str = "{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content'] %}{%- set loop_messages = messages[1:] %}{%- else %}{%- set loop_messages = messages %}{%- endif %}{{ bos_token }}{%- for message in loop_messages %}{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{%- endif %}{%- if message['role'] == 'user' %}{%- if loop.first and system_message is defined %}{{- '[INST] ' + system_message + '\n\n' + message['content'] + ' [/INST]' }}{%- else %}{{- '[INST] ' + message['content'] + ' [/INST]' }}{%- endif %}{%- else %}{{- ' ' + message['content'] + eos_token }}{%- endif %}{%- endfor %}";

const GEMMA: &str = "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}";

const PHI3: &str = "{% for message in messages %}{% if message['role'] == 'system' %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}";

const fn turn(role: TemplateRole, text: &str) -> Turn<'_> {
    Turn { role, text }
}

const SYSTEM: Turn<'_> = turn(TemplateRole::System, "Be brief.");
const HELLO: Turn<'_> = turn(TemplateRole::User, "Hello!");
const HI: Turn<'_> = turn(TemplateRole::Assistant, "Hi.");
const WHY: Turn<'_> = turn(TemplateRole::User, "Why?");

fn rendered(source: &str, turns: &[Turn<'_>]) -> Result<String, ModelError> {
    ChatTemplate::new(source, "<s>", "</s>")?.render(turns)
}

#[test]
fn families_render_as_transformers_does() {
    let all = [SYSTEM, HELLO, HI, WHY];
    for (family, source, turns, expected) in [
        (
            "smollm2",
            SMOLLM2,
            &all[..],
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\nHi.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            "smollm2 without instructions",
            SMOLLM2,
            &[HELLO],
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            "llama 3",
            LLAMA3,
            &[SYSTEM, HELLO],
            "<s><|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\nBe brief.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHello!<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        (
            "qwen 3",
            QWEN3,
            &all,
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\nHi.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            "mistral",
            MISTRAL,
            &all,
            "<s>[INST] Be brief.\n\nHello! [/INST] Hi.</s>[INST] Why? [/INST]",
        ),
        (
            "gemma",
            GEMMA,
            &all[1..],
            "<s><start_of_turn>user\nHello!<end_of_turn>\n<start_of_turn>model\nHi.<end_of_turn>\n<start_of_turn>user\nWhy?<end_of_turn>\n<start_of_turn>model\n",
        ),
        (
            "phi 3",
            PHI3,
            &all,
            "<|system|>\nBe brief.<|end|>\n<|user|>\nHello!<|end|>\n<|assistant|>\nHi.<|end|>\n<|user|>\nWhy?<|end|>\n<|assistant|>\n",
        ),
    ] {
        assert_eq!(rendered(source, turns).unwrap(), expected, "{family}");
    }
}

#[test]
fn a_conversation_that_the_template_refuses_is_an_error_without_its_words() {
    for (source, turns) in [(GEMMA, &[SYSTEM, HELLO][..]), (MISTRAL, &[HELLO, WHY])] {
        let error = rendered(source, turns).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the chat template refuses this conversation"
        );
    }
}

#[test]
fn messages_are_text_and_no_template() {
    let tricky = turn(
        TemplateRole::User,
        "{{ bos_token }} {% raw %} <b> & \u{e000}",
    );
    let prompt = rendered(SMOLLM2, &[SYSTEM, tricky]).unwrap();
    assert!(prompt.contains(tricky.text), "{prompt}");
}

#[test]
fn hostile_templates_end() {
    for (source, reason) in [
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "too many steps",
        ),
        (
            "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
            "template",
        ),
        (
            "{% set text = 'x' * 999 %}{% for a in range(9999) %}{{ text }}{% endfor %}",
            "writes too much",
        ),
        ("{% include 'settings.json' %}", "failed"),
        ("{% for %}", "not valid Jinja"),
        ("{{ nothing.at.all }}", "failed"),
    ] {
        let error = rendered(source, &[HELLO]).expect_err(source).to_string();
        assert!(error.contains(reason), "{source}: {error}");
    }
    let huge = "x".repeat(MAX_SOURCE_BYTES + 1);
    assert!(ChatTemplate::new(&huge, "", "").is_err());
}

#[test]
fn special_tokens_are_named_by_the_tokenizer() {
    let tokenizer =
        br#"{"added_tokens": [{"id": 1, "content": "<s>"}, {"id": 2, "content": "</s>"}]}"#;
    let config =
        br#"{"num_hidden_layers": 1, "num_attention_heads": 1, "hidden_size": 8, "vocab_size": 9,
        "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": [2, 3]}"#;
    let config = DecoderConfig::from_json(config, None).unwrap();
    let template = ChatTemplate::from_pack(MISTRAL.as_bytes(), &config, tokenizer).unwrap();
    let prompt = template.render(&[HELLO, HI, WHY]).unwrap();
    assert_eq!(
        prompt,
        "<s>[INST] Hello! [/INST] Hi.</s>[INST] Why? [/INST]"
    );
    let nameless = ChatTemplate::from_pack(MISTRAL.as_bytes(), &config, b"{}").unwrap();
    assert_eq!(nameless.render(&[HELLO]).unwrap(), "[INST] Hello! [/INST]");
    assert!(ChatTemplate::from_pack(b"\xff", &config, b"{}").is_err());
}

/// The real tokenizer of SmolLM2, where the machine has it.
#[test]
fn the_prompt_is_the_tokens_that_smollm2_was_trained_on() {
    use sotto_tokenizer::{HfTokenizer, Vocabulary};

    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../shared/fixtures/tokenizer-smollm2");
    let Ok(json) = std::fs::read(folder.join("tokenizer.json")) else {
        println!("skipped: the tokenizer of SmolLM2 is not on this machine");
        return;
    };
    let config = std::fs::read(folder.join("config.json")).unwrap();
    let config = DecoderConfig::from_json(&config, None).unwrap();
    let vocabulary = Vocabulary {
        size: config.vocab_size as usize,
        end_of_text: config.end_ids[0],
        is_exact: false,
    };
    let tokenizer = HfTokenizer::from_json(&json, vocabulary).unwrap();
    let template = ChatTemplate::from_pack(SMOLLM2.as_bytes(), &config, &json).unwrap();
    let prompt = template.render(&[SYSTEM, HELLO]).unwrap();
    let mut ids = Vec::new();
    sotto_core::assist::encode_prompt(&prompt, &tokenizer, &mut ids).unwrap();
    let count = |id| ids.iter().filter(|found| **found == id).count();
    assert_eq!(ids[0], 1, "<|im_start|>");
    assert_eq!((count(1), count(2)), (3, 2));
}
