//! Limits that the preparing child sets on itself before it reads a byte of the component.

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

/// Bytes of a file that the child may write: an artefact of the largest component with the largest snapshot.
const FILE_BYTES: u64 = 1 << 30;

/// Memory (private, writable: reserved address space is free), CPU time, file size, no core dump; and to die with the parent.
///
/// # Errors
/// When the system refuses one of them.
pub(super) fn confine(cpu_seconds: u32, memory_mib: u32) -> std::io::Result<()> {
    let cpu = u64::from(cpu_seconds.max(1));
    set(Resource::Core, 0, 0)?;
    // At the soft limit the kernel sends SIGXCPU, which ends the process and tells the parent why.
    set(Resource::Cpu, cpu, cpu + 1)?;
    set(Resource::Data, u64::from(memory_mib) << 20, u64::from(memory_mib) << 20)?;
    set(Resource::Fsize, FILE_BYTES, FILE_BYTES)?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    Ok(())
}

fn set(resource: Resource, soft: u64, hard: u64) -> std::io::Result<()> {
    setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })?;
    Ok(())
}
