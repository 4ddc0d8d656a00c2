//! The devices that a model can live on.

#[cfg(feature = "webgpu")]
use crate::LmError;
#[cfg(feature = "webgpu")]
pub use crate::webgpu::Kernels;

/// Where a model lives.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Device {
    /// The CPU, on one thread; in the browser with WebAssembly SIMD.
    Cpu,
    /// WebGPU, and the kernels that suit it. Callers only pass it on.
    #[cfg(feature = "webgpu")]
    Webgpu(burn::tensor::Device, Kernels),
}

/// The default WebGPU device. Asked for once; later calls give the same one, because burn keeps it for the life of
/// the process. After a device loss the process (in the browser: the worker) has to start again.
///
/// # Errors
/// [`LmError::NoDevice`] if there is no adapter or it gives no device.
#[cfg(feature = "webgpu")]
pub async fn webgpu_device() -> Result<Device, LmError> {
    use std::cell::RefCell;

    thread_local! {
        static DEVICE: RefCell<Option<Device>> = const { RefCell::new(None) };
    }
    if let Some(device) = DEVICE.with_borrow(Clone::clone) {
        return Ok(device);
    }
    let (device, setup) = burn::tensor::Device::wgpu_options()
        .init_with_setup_async()
        .await
        .map_err(|error| LmError::NoDevice(error.to_string()))?;
    let kernels = match setup.adapter.get_info().device_type {
        cubecl::wgpu::wgpu::DeviceType::Cpu => Kernels::Software,
        _ => Kernels::Hardware,
    };
    let device = Device::Webgpu(device, kernels);
    DEVICE.set(Some(device.clone()));
    Ok(device)
}

#[cfg(feature = "webgpu")]
impl Device {
    /// The same device with other kernels than those that suit it: every kernel is tested on whatever adapter there is.
    pub fn with_kernels(self, kernels: Kernels) -> Self {
        match self {
            Self::Cpu => Self::Cpu,
            Self::Webgpu(device, _) => Self::Webgpu(device, kernels),
        }
    }
}

/// [`Device::Cpu`], under the name that it had when burn's CPU backend (`flex`) ran there.
pub fn flex_device() -> Device {
    Device::Cpu
}
