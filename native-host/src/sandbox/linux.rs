//! Landlock for files, seccomp for system calls. Both only ever take rights away, and neither needs any to be applied.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use super::{Access, Part};

/// Rights that are known to this build. An older kernel enforces those that it knows.
const NEWEST: ABI = ABI::V5;

/// What libraries and drivers read: other libraries, their configuration, what the processor and the devices are.
const SYSTEM: &[&str] = &[
    "/usr", "/lib", "/lib64", "/bin", "/etc", "/opt", "/proc", "/sys", "/run",
];

/// Device nodes of accelerators are opened for writing.
const DEVICES: &[&str] = &["/dev"];

pub(super) fn confine_files(access: &Access) -> Part {
    match restrict_files(access) {
        Ok(RulesetStatus::FullyEnforced) => Part::Enforced,
        Ok(RulesetStatus::PartiallyEnforced) => {
            Part::Partly("this kernel's Landlock lacks newer rights".to_owned())
        }
        Ok(RulesetStatus::NotEnforced) => {
            Part::Absent("this kernel has no Landlock, or it is switched off".to_owned())
        }
        Err(error) => Part::Absent(format!("Landlock failed: {error}")),
    }
}

fn restrict_files(access: &Access) -> Result<RulesetStatus, RulesetError> {
    let read = AccessFs::from_read(NEWEST);
    let write = AccessFs::from_all(NEWEST) & !AccessFs::Execute;
    let devices: BitFlags<AccessFs> = read | AccessFs::WriteFile | AccessFs::IoctlDev;
    let system = SYSTEM.iter().map(Path::new);
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(system, read))?
        .add_rules(path_beneath_rules(
            access.read.iter().map(PathBuf::as_path),
            read,
        ))?
        .add_rules(path_beneath_rules(DEVICES, devices))?
        .add_rules(path_beneath_rules(
            access.write.iter().map(PathBuf::as_path),
            write | read,
        ))?
        .restrict_self()?;
    Ok(status.ruleset)
}

pub(super) fn confine_system_calls() -> Part {
    let filter = match system_call_filter() {
        Ok(filter) => filter,
        Err(error) => {
            return Part::Absent(format!("the seccomp filter could not be made: {error}"));
        }
    };
    match seccompiler::apply_filter_all_threads(&filter) {
        Ok(()) => Part::Enforced,
        Err(error) => Part::Absent(format!("seccomp failed: {error}")),
    }
}

/// Everything is allowed but: a socket that is not a Unix one, starting a program, looking into another process, and
/// `io_uring`, which could do any of these unseen. Refused calls fail with `EACCES`, so that a library that probes for
/// one goes on without.
fn system_call_filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let not_unix = SeccompRule::new(vec![SeccompCondition::new(
        0,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Ne,
        libc::AF_UNIX as u64,
    )?])?;
    let mut rules = vec![(libc::SYS_socket, vec![not_unix])];
    let always = [
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_io_uring_setup,
    ];
    rules.extend(always.map(|call| (call, vec![])));
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    SeccompFilter::new(
        rules.into_iter().collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EACCES as u32),
        arch,
    )?
    .try_into()
}
