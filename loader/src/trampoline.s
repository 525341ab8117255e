# The way of the other processors, and the last step of all of them.
#
# A processor that gets a start-up interrupt begins in real mode at the page the interrupt names
# (Intel SDM vol. 3A, 9.4.4). The trampoline is copied to such a page, so it refers to itself by
# offsets from its start only; everything else has a fixed address below 16 MiB.

    .section .rodata.trampoline, "a", @progbits
    .code16
    .global trampoline_start
trampoline_start:
    cli
    cld
    mov ax, cs
    mov ds, ax
    lgdt [GDT_POINTER_OFFSET]
    mov eax, 1 << 5                     # PAE
    mov cr4, eax
    mov eax, offset early_root
    mov cr3, eax
    mov ecx, 0xc0000080                 # EFER, as the first processor has it
    rdmsr
    or eax, [EFER_OFFSET]
    wrmsr
    # Straight from real mode to long mode: protection and paging in one go.
    mov eax, 0x80010011
    mov cr0, eax
    .byte 0x66, 0xea                    # far jump with 32-bit offset
    .long processor_64
    .short 0x28
    .balign 4
trampoline_gdt_pointer:
    .short 7 * 8 - 1
    .long gdt
    .balign 4
    .global trampoline_efer
trampoline_efer:
    .long 0
    .global trampoline_end
trampoline_end:
    .set GDT_POINTER_OFFSET, trampoline_gdt_pointer - trampoline_start
    .set EFER_OFFSET, trampoline_efer - trampoline_start

    .section .text.processor, "ax", @progbits
    .code64
processor_64:
    mov eax, 0x30
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov fs, eax
    mov gs, eax
    mov rsp, [rip + PROCESSOR_STACK]
    xor ebp, ebp
    call processor_main
    ud2

# fn park(structure: u64, stack: u64, root: u64) -> !
# Runs at its higher half address. Waits in memory that the kernel may reclaim once it has sent
# every processor on: structure, stack, page tables and this code all lie there.
    .global park
park:
    lgdt [rip + gdt_pointer_high]
    mov cr3, rdx
    mov rsp, rsi
0:  mov rax, [rdi + 16]
    test rax, rax
    jnz 1f
    pause
    jmp 0b
1:  mov rdx, rdi
    jmp leave

# fn enter(entry: u64, stack: u64, root: u64) -> !
# Runs at its higher half address.
    .global enter
enter:
    lgdt [rip + gdt_pointer_high]
    mov cr3, rdx
    mov rsp, rsi
    mov rax, rdi
    xor edx, edx
# To the address in rax with the state the protocol wants: an invalid return address on the
# stack, rdi as rdx says, all else 0, interrupts off, direction forward.
leave:
    push 0
    push rax
    mov rdi, rdx
    xor eax, eax
    xor ebx, ebx
    xor ecx, ecx
    xor edx, edx
    xor esi, esi
    xor ebp, ebp
    xor r8d, r8d
    xor r9d, r9d
    xor r10d, r10d
    xor r11d, r11d
    xor r12d, r12d
    xor r13d, r13d
    xor r14d, r14d
    xor r15d, r15d
    cli
    cld
    ret
