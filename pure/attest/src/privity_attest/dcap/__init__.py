"""What Intel TDX and SGX share: the DCAP quote, its collateral, and how Intel rates a platform."""
