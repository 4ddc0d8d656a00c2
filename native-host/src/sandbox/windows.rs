//! A job object: a ceiling on memory, and no program is started. Windows has no more for an ordinary program: an
//! AppContainer would close off the network, but only around a process that was made for one.
//!
//! The one crate with a safe interface for jobs has none for these two limits.

use std::io;
use std::mem::size_of;
use std::ptr;

use windows_sys::Win32::Foundation::CloseHandle;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
    JOB_OBJECT_LIMIT_PROCESS_MEMORY, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

use super::Part;

/// Puts this process into a job of its own, for good. A job around it already, the browser's, is no obstacle: jobs nest.
#[expect(
    unsafe_code,
    reason = "the system's C functions, see the module's head"
)]
pub(super) fn enter_job(memory_bytes: u64) -> io::Result<()> {
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_ACTIVE_PROCESS | JOB_OBJECT_LIMIT_PROCESS_MEMORY;
    // This one.
    limits.BasicLimitInformation.ActiveProcessLimit = 1;
    limits.ProcessMemoryLimit = usize::try_from(memory_bytes).unwrap_or(usize::MAX);
    let length = size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>() as u32;
    // SAFETY: a job without attributes and name needs no memory of ours; `limits` is of the type that the class names, lives
    // through the call and has the length that is given with it; the handle is open until it is closed, once, at the end.
    unsafe {
        let job = CreateJobObjectW(ptr::null(), ptr::null());
        if job.is_null() {
            return Err(io::Error::last_os_error());
        }
        let class = JobObjectExtendedLimitInformation;
        let is_in = SetInformationJobObject(job, class, ptr::from_ref(&limits).cast(), length) != 0
            && AssignProcessToJobObject(job, GetCurrentProcess()) != 0;
        let error = io::Error::last_os_error();
        // The job stays for as long as this process is in it.
        CloseHandle(job);
        if is_in { Ok(()) } else { Err(error) }
    }
}

/// What holds beside the memory limit once the process is in its job.
pub(super) fn system_calls(is_in_job: bool) -> Part {
    let network = "Windows closes the network off only around packaged apps";
    if is_in_job {
        Part::Partly(format!("no program can be started; {network}"))
    } else {
        Part::Absent(network.to_owned())
    }
}

/// Nothing of the kind for files.
pub(super) fn files() -> Part {
    Part::Absent("Windows limits files only for packaged apps".to_owned())
}
